/** The attacks of `npm run attack` in a short form that a seed repeats. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { attacks } from './attack/registry.ts'
import { seededSource } from './attack/seeded-source.ts'

describe('a partner who attacks releases', () => {
  for (const { id, name, trialsShort, run } of attacks)
    it(`fails, and succeeds on the control: ${name}`, async () => {
      const random = seededSource(`short ${id}`)
      const { verdict, ...rest } = await run({ trials: trialsShort, random, onProgress: () => undefined })
      assert.equal(verdict, 'withstood', JSON.stringify(rest, null, 2))
    })
})
