/** `npm run build:scan`: compiles the collector's inner loop to WebAssembly, into the file that the collector loads. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const folder = new URL('../services/collector/alike-scan/', import.meta.url)
const source = 'scan.as.ts'
export const scanBinaryFile = new URL('scan-binary.ts', folder)
/** 68 pages of 64 KiB hold a body and its columns; it asks for no more. */
const memoryPages = '68'

/** What `scan-binary.ts` must be. @throws Error with the compiler's messages */
export async function compiledScan(): Promise<string> {
  let binary: Uint8Array = Buffer.alloc(0)
  const { error, stderr } = await main(
    [
      ...[source, '--outFile', 'scan.wasm', '--optimizeLevel', '3', '--shrinkLevel', '0', '--noAssert'],
      ...['--runtime', 'stub', '--enable', 'simd', '--initialMemory', memoryPages, '--maximumMemory', memoryPages],
    ],
    {
      readFile: async (name) => (name === source ? await readFile(new URL(source, folder), 'utf8') : null),
      writeFile: async (name, contents) => {
        if (name === 'scan.wasm') binary = contents as Uint8Array
      },
      listFiles: () => [],
    },
  )
  if (error) throw new Error(`${source} is not compiled: ${stderr.toString()}`)
  const lines =
    Buffer.from(binary)
      .toString('base64')
      .match(/.{1,110}/g) ?? []
  return `// Made from ${source} by \`npm run build:scan\`; not to be edited.
export const scanBinary =
${lines.map((line) => `  '${line}'`).join(' +\n')}
`
}

if (path.resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  await writeFile(scanBinaryFile, await compiledScan())
  process.stdout.write(`${path.relative(process.cwd(), fileURLToPath(scanBinaryFile))} written\n`)
}
