import assert from 'node:assert/strict'
import { test } from 'node:test'
import { privacySignal } from '../../../services/collector/privacy-signals.ts'

test('Sec-GPC: 1 and DNT: 1 are signals', () => {
  assert.equal(privacySignal({ 'sec-gpc': '1' }), 'gpc')
  assert.equal(privacySignal({ dnt: '1' }), 'dnt')
  assert.equal(privacySignal({ dnt: '1', 'sec-gpc': '1' }), 'gpc')
  assert.equal(privacySignal({ dnt: '0, 1' }), 'dnt')
})

test('anything else is none', () => {
  for (const value of ['0', '', 'null', '11', 'true'])
    assert.equal(privacySignal({ dnt: value, 'sec-gpc': value }), undefined)
  assert.equal(privacySignal({}), undefined)
})
