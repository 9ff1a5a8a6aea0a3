/** The attacks of `npm run attack` in a short form that a seed repeats. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '../services/release/seeded-random.ts'
import { attacks } from './attack/registry.ts'

describe('a partner who attacks releases', () => {
  for (const { id, name, trialsShort, run } of attacks)
    it(`fails, and succeeds on the control: ${name}`, async () => {
      const random = seededRandom(`short ${id}`)
      const { verdict, ...rest } = await run({ trials: trialsShort, random, onProgress: () => undefined })
      assert.equal(verdict, 'withstood', JSON.stringify(rest, null, 2))
    })
})
