/**
 * The dashboard's page, bundled from its sources when a process first needs it, and held in memory: what is served is
 * never older than its sources, and there is nothing to build before a start.
 */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { build } from 'esbuild'

export interface PageFile {
  readonly name: string
  readonly type: string
  readonly plain: Buffer
  readonly gzip: Buffer
  readonly brotli: Buffer
}

export interface PageFiles {
  readonly html: PageFile
  /** By name; a name has the hash of its bytes, so that it can be kept for good. */
  readonly assets: ReadonlyMap<string, PageFile>
}

/** All of the page, gzipped. */
export const pageBytesMax = 60 * 1024

const folder = path.join(import.meta.dirname, 'page')
const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
}
let built: Promise<PageFiles> | undefined

/** Once per process; a fraction of a second. */
export function pageFiles(): Promise<PageFiles> {
  built ??= buildPage()
  return built
}

async function buildPage(): Promise<PageFiles> {
  const { outputFiles } = await build({
    entryPoints: [path.join(folder, 'main.tsx')],
    bundle: true,
    minify: true,
    write: false,
    outdir: 'out',
    format: 'esm',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'silent',
  })
  const files = await Promise.all(
    outputFiles.map(({ path: name, contents }) => {
      const hash = createHash('sha256').update(contents).digest('hex').slice(0, 12)
      const extension = path.extname(name)
      return compress(`app-${hash}${extension}`, types[extension] ?? '', Buffer.from(contents))
    }),
  )
  const named = (extension: string): string => files.find(({ name }) => name.endsWith(extension))?.name ?? ''
  const html = Buffer.from(htmlOf(named('.js'), named('.css')))
  return {
    html: await compress('index.html', 'text/html; charset=utf-8', html),
    assets: new Map(files.map((file) => [file.name, file])),
  }
}

async function compress(name: string, type: string, plain: Buffer): Promise<PageFile> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 }
  return {
    ...{ name, type, plain },
    gzip: await promisify(gzip)(plain, { level: 9 }),
    brotli: await promisify(brotliCompress)(plain, { params }),
  }
}

function htmlOf(script: string, style: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Headcount</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/dashboard/${style}"><script type="module" src="/dashboard/${script}"></script></head>
<body><div id="page"></div><noscript><main><h1>Headcount</h1><p>The dashboard needs JavaScript. Without it: <a href="/about">where everything is</a>, <a href="/docs">the API</a>.</p></main></noscript></body></html>
`
}
