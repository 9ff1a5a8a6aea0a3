import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SharedNext } from '../../../services/reporting/shared-next.ts'

/** A task that ends when it is told to. */
function held() {
  const ends: (() => void)[] = []
  return {
    ends,
    task: () => new Promise<number>((resolve) => void ends.push(() => resolve(ends.length))),
  }
}

describe('shared next', () => {
  it('who asks while a run is under way gets the next one, together with all others who do', async () => {
    const shared = new SharedNext()
    const { ends, task } = held()
    const first = shared.run('a', task)
    const later = [shared.run('a', task), shared.run('a', task)]
    assert.equal(ends.length, 1, 'the next run starts after the first has ended')
    ends[0]?.()
    assert.equal(await first, 1)
    await new Promise(setImmediate)
    assert.equal(ends.length, 2)
    ends[1]?.()
    assert.deepEqual(await Promise.all(later), [2, 2])
  })

  it('a run that fails fails for who shares it, and not for who comes later', async () => {
    const shared = new SharedNext()
    const failed = shared.run('a', () => Promise.reject(new Error('no')))
    const next = shared.run('a', () => Promise.resolve('yes'))
    await assert.rejects(failed, /no/)
    assert.equal(await next, 'yes')
    assert.equal(await shared.run('a', () => Promise.resolve('again')), 'again')
  })

  it('other keys do not wait', async () => {
    const shared = new SharedNext()
    const { task } = held()
    void shared.run('a', task)
    assert.equal(await shared.run('b', () => Promise.resolve('b')), 'b')
  })
})
