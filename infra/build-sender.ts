/** Our sender as a package that any Node program can use: one file without dependencies, its command, and its types. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = path.join(root, 'shared/sender')
const entries = ['sender', 'command']

/** Writes the package to `dir`. @throws Error when it would need anything but Node, or types cannot be made */
export async function buildSender(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true })
  const { metafile } = await build({
    entryPoints: entries.map((entry) => path.join(source, `${entry}.ts`)),
    outdir: dir,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', metafile: true, logLevel: 'error' },
  })
  const needed = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map((one) => one.path))
  const others = needed.filter((name) => !name.startsWith('node:'))
  if (others.length > 0) throw new Error(`the sender needs more than Node: ${others.join(', ')}`)
  await writeTypes(dir)
  await copyFile(path.join(source, 'package.json'), path.join(dir, 'package.json'))
  await copyFile(path.join(root, 'infra/senders/node.md'), path.join(dir, 'README.md'))
  await copyFile(path.join(root, 'LICENSE'), path.join(dir, 'LICENSE'))
}

/** The declarations that the entry needs, by the names that they have beside its JavaScript. */
async function writeTypes(dir: string): Promise<void> {
  const made = await mkdtemp(path.join(os.tmpdir(), 'headcount-types-'))
  try {
    const options = ['--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--outDir', made]
    const project = path.join(made, 'tsconfig.json')
    const extended = { extends: path.join(root, 'tsconfig.json'), include: [path.join(source, 'sender.ts')] }
    const roots = { rootDir: path.join(root, 'shared'), typeRoots: [path.join(root, 'node_modules/@types')] }
    await writeFile(project, JSON.stringify({ ...extended, compilerOptions: roots }))
    const compiler = path.join(root, 'node_modules/.bin/tsc')
    await promisify(execFile)(compiler, ['-p', project, ...options])
    const waiting = ['sender']
    for (const name of waiting) {
      const text = await readFile(path.join(made, 'sender', `${name}.d.ts`), 'utf8')
      for (const [, other = ''] of text.matchAll(/from '\.\/([a-z-]+)\.ts'/g))
        if (!waiting.includes(other)) waiting.push(other)
      await writeFile(path.join(dir, `${name}.d.ts`), text.replaceAll(/(from '\.\/[a-z-]+)\.ts'/g, "$1.js'"))
    }
  } finally {
    await rm(made, { recursive: true, force: true })
  }
}
