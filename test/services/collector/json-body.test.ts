import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDepth, decodeText, depthMax, isDeep, isPlain, parseJson } from '../../../services/collector/json-body.ts'
import { ProblemError } from '../../../shared/http/problem.ts'

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const parse = (text: string): unknown => parseJson(Buffer.from(text), text)

test('depth is judged on the text: 32 levels pass, 33 do not, brackets in strings do not count', () => {
  checkDepth(Buffer.from(nested(depthMax)))
  checkDepth(Buffer.from(JSON.stringify({ a: '[[[[{{{{\\"['.repeat(20), '[': 1 })))
  checkDepth(Buffer.from(`[${'{"a":[]},'.repeat(1000)}1]`))
  assert.throws(() => checkDepth(Buffer.from(nested(depthMax + 1))), ProblemError)
  assert.throws(() => checkDepth(Buffer.from('{"a":'.repeat(33))), ProblemError)
})

test('a large deep body is refused before it is parsed', () => {
  assert.throws(
    () => parse('['.repeat(1_000_000)),
    (error) => error instanceof ProblemError && error.problem.type.endsWith(':too-deep'),
  )
})

test('parsed values are judged alike', () => {
  assert.ok(!isDeep(JSON.parse(nested(5)), 5))
  assert.ok(isDeep(JSON.parse(nested(6)), 5))
  assert.ok(isDeep(JSON.parse(`{"a":1,"b":[${nested(5)}]}`), 5))
  assert.ok(!isDeep(null, 0) && !isDeep('[[', 0))
})

test('what is not JSON is a problem that does not quote it', () => {
  assert.throws(
    () => parse('{"secret-canary": oops}'),
    (error) => error instanceof ProblemError && !JSON.stringify(error.problem).includes('canary'),
  )
})

test('text is plain only when no string can need an escape', () => {
  assert.equal(isPlain(Buffer.from('{"a":"b"}')), true)
  for (const text of ['"\\u0000"', '"\x7f"', '"ü"']) {
    assert.equal(isPlain(Buffer.from(text)), false, text)
    assert.equal(decodeText(Buffer.from(text)), text)
  }
})

test('a byte-order mark is passed over, other encodings are refused', () => {
  assert.equal(decodeText(Buffer.from('\ufeff{}')), '{}')
  assert.throws(() => decodeText(Buffer.from([0x22, 0xff, 0x22])), ProblemError)
  assert.throws(() => decodeText(Buffer.from('ü', 'latin1')), ProblemError)
})
