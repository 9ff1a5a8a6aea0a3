import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isIdentifier, numberValue, textValue } from '../../../services/collector/event-values.ts'

test('identifiers are 1 to 256 characters without control characters and halves of pairs', () => {
  for (const value of ['a', 'x'.repeat(256), 'dévice', '😀', ' ']) assert.ok(isIdentifier(value), JSON.stringify(value))
  for (const value of ['', 'x'.repeat(257), 'a\0b', 'a\nb', 'é\u0085', 'a\x7f', '\ud800', 'é\udc00', 7, null, {}, []])
    assert.ok(!isIdentifier(value), JSON.stringify(value))
})

test('text fields take strings, numbers and booleans', () => {
  assert.equal(textValue('2.1.0'), '2.1.0')
  assert.equal(textValue(2), '2')
  assert.equal(textValue(true), 'true')
  for (const value of ['x'.repeat(257), Number.POSITIVE_INFINITY, {}, [], null, undefined])
    assert.equal(textValue(value), undefined)
})

test('number fields take finite numbers and strings that are one', () => {
  assert.equal(numberValue(-1.5), -1.5)
  assert.equal(numberValue('42'), 42)
  for (const value of ['', ' 1', '1e999', 'NaN', 'Infinity', '4 2', Number.POSITIVE_INFINITY, true, {}, [1], null])
    assert.equal(numberValue(value), undefined, String(value))
})
