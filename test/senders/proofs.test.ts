/** infra/senders/proofs.md says what the tests do: it is compared with them, with packages and with dialects. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { everyDialect } from '../../services/collector/protocols/every-dialect.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'

interface Proof {
  readonly dialect: string
  readonly client: string
  readonly faults: string
  readonly file: string
}

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8')
const meetsAll = /for \(const fault of faults\) assert\.ok\(proxy\.count\(fault\) > 0/

async function proofs(): Promise<Proof[]> {
  const [table = ''] = (await read('infra/senders/proofs.md')).split('\n## ')
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !/^\| (dialect|---) /.test(line))
  return rows.map((row) => {
    const [dialect = '', client = '', faults = '', , file = ''] = row.slice(2, -2).split(' | ')
    return { dialect, client, faults, file: file.replaceAll('`', '') }
  })
}

test('every dialect has a client that proves it', async () => {
  const limits = { bodyBytesMax: 1, inflatedBytesMax: 1 }
  const dialects = everyDialect({ catalogue: readCatalogue(''), isSenderKey: () => false, limits, eventsMax: 1 })
  const named = new Set((await proofs()).map(({ dialect }) => dialect))
  assert.deepEqual([...named].sort(), [...new Set(dialects.map(({ name }) => name))].sort())
})

test('each proof’s test has its client, in the version that is installed, and meets every fault where the table says all', async () => {
  const { devDependencies } = JSON.parse(await read('package.json')) as { devDependencies: Record<string, string> }
  let packages = 0
  for (const { client, faults, file } of await proofs()) {
    const text = await read(file)
    const [, name, version] = /^`((?:@[\w-]+\/)?[\w-]+)` (\d+\.\d+\.\d+)/.exec(client) ?? []
    if (name !== undefined) {
      packages++
      assert.equal(devDependencies[name], version, name)
      assert.ok(text.includes(`'${name}'`), `${file} has ${name}`)
    }
    if (faults === 'all') assert.match(text, meetsAll, `${file} meets every fault`)
  }
  assert.ok(packages >= 9, `${packages} packages`)
})
