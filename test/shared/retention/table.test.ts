import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { eventsTopic } from '../../../infra/topics.ts'
import { readConfig } from '../../../shared/config.ts'
import { holdsDocument, retentionDocument } from '../../../shared/retention/document.ts'
import { rawRetentionMs } from '../../../shared/retention/limits.ts'
import { retentionTable } from '../../../shared/retention/table.ts'

const top = path.resolve(import.meta.dirname, '../../..')
const kinds = retentionTable(readConfig({}))

describe('the list of everything that is kept', () => {
  it('names each kind once, and what is about somebody has an end', () => {
    assert.equal(new Set(kinds.map(({ id }) => id)).size, kinds.length)
    for (const { id, about, keptMs, howLong } of kinds) {
      assert.match(id, /^[a-z]+(-[a-z]+)*$/)
      // Choices are kept for as long as somebody wants them to be, the others until something ends.
      if (about !== 'nobody') assert.ok(keptMs !== undefined || /^(until|while) /.test(howLong), id)
    }
  })

  it('lets a hold keep what is about nobody, and raw records only by an order', () => {
    for (const { id, about, heldAs } of kinds)
      if (heldAs !== undefined) assert.equal(heldAs === 'raw', about !== 'nobody', id)
  })

  it('is what the document says', () => {
    const text = readFileSync(path.join(top, 'infra/retention.md'), 'utf8')
    for (const part of [retentionDocument(kinds), holdsDocument(kinds)])
      assert.ok(text.includes(part), 'write infra/retention.md anew: npm run headcount -- retention --table')
  })

  it('follows the settings of the cookie', () => {
    const cookieOf = (env: Record<string, string>) =>
      retentionTable(readConfig(env)).find(({ id }) => id === 'browser-cookie')?.howLong
    assert.equal(cookieOf({ HEADCOUNT_COOKIE_DAYS: '30' }), '30 days')
    assert.equal(cookieOf({ HEADCOUNT_COOKIE: 'off' }), 'none is given')
  })
})

describe('the limits', () => {
  /** A time to live, or a number of hours or days that is one of the limits, written anywhere else. */
  const second = /ttlMs\s*[:=]\s*[\d(]|\b(?:24|48|72|74|75|90|96)\s*\*\s*(?:24\s*\*\s*)?(?:hourMs|dayMs|3_600_000)/

  it('are written once', () => {
    assert.match('const ttlMs = 5 * dayMs', second)
    assert.match('export const deadlineMs = 72 * hourMs', second)
    const found = ['shared', 'services', 'infra'].flatMap((dir) =>
      readdirSync(path.join(top, dir), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .map((file) => path.join(dir, file))
        .filter((file) => second.test(readFileSync(path.join(top, file), 'utf8'))),
    )
    assert.deepEqual(found, ['shared/retention/limits.ts'])
  })

  it('are those of the topic', () => {
    const { configs } = eventsTopic('x', 1, 1)
    assert.equal(configs['retention.ms'], String(rawRetentionMs))
    assert.ok(Number(configs['segment.ms']) <= 3_600_000)
  })
})
