import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { compiledScan, scanBinaryFile } from '../../../infra/build-scan.ts'
import { scan } from '../../../services/collector/alike-scan/scan.ts'

test('the compiled scan is what its source compiles to', async () => {
  assert.equal(await readFile(scanBinaryFile, 'utf8'), await compiledScan(), 'run `npm run build:scan`')
})

test('it has the memory that a body and its columns take, and asks for no more', () => {
  assert.ok(scan, 'this processor has 128-bit SIMD')
  assert.ok(scan.bytes.length >= scan.kindsAt + scan.bodyMax + 64)
  assert.equal(scan.bytes.length, 68 * 65_536)
})
