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

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('shared next', () => {
  it('all who ask in one turn share a run that starts after it', async () => {
    const shared = new SharedNext()
    let runs = 0
    const task = () => Promise.resolve(++runs)
    const first = shared.run('a', task)
    await Promise.resolve()
    assert.deepEqual([runs, await shared.run('a', task), await first], [0, 1, 1])
  })

  it('who asks while a run is under way gets the next one, together with all others who do', async () => {
    const shared = new SharedNext()
    const { ends, task } = held()
    const first = shared.run('a', task)
    await turn()
    const later = [shared.run('a', task), shared.run('a', task)]
    assert.equal(ends.length, 1, 'the next run starts after the first has ended')
    ends[0]?.()
    assert.equal(await first, 1)
    await turn()
    assert.equal(ends.length, 2)
    ends[1]?.()
    assert.deepEqual(await Promise.all(later), [2, 2])
  })

  it('a run that fails fails for who shares it, and not for who comes later', async () => {
    const shared = new SharedNext()
    const failed = shared.run('a', () => turn().then(() => Promise.reject(new Error('no'))))
    await turn()
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
