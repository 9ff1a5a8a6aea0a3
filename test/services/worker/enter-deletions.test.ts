import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { DeletionUpkeep } from '../../../services/worker/enter-deletions.ts'
import { type Ledger, LedgerBrokenError } from '../../../shared/ledger/port.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics } from '../../../shared/metrics.ts'
import { deletionMs } from '../../../shared/retention/limits.ts'
import { overriding } from '../../crash/overriding.ts'
import { openInstallation, recordOf, type TestInstallation } from '../../fixtures/installation.ts'
import { until } from '../../fixtures/until.ts'

let world: TestInstallation
afterEach(() => world.close())

const choose = async (count: number) => {
  const { log, subjectOf } = world.choices
  const made = []
  for (let number = 0; number < count; number++)
    made.push(
      await log.append({ subject: subjectOf('device', `d ${number}`), act: 'deletion', by: 'owner', policy: '1' }),
    )
  return made.map(({ id }) => id).sort()
}

/** Else a moment in which the machine does something else is taken for a long look, and what comes next for its rest. */
const timing = { elapsedMs: () => 0 }

function upkeepWith(ledger: Ledger) {
  const metrics = createMetrics(false)
  const lines: string[] = []
  const logger = createLogger({ logLevel: 'info' }, { write: (line) => void lines.push(line) })
  const upkeep = new DeletionUpkeep({ choices: world.choices, ledger, clock: world.clock, metrics, logger, timing })
  const figures = async () => [
    (await metrics.deletionsEntered.get()).values[0]?.value,
    (await metrics.deletionWaitSeconds.get()).values[0]?.value,
  ]
  return { upkeep, lines, figures }
}

async function entered(): Promise<string[]> {
  const ids: string[] = []
  for await (const { event } of world.ledger.entries()) if (event.kind === 'subject.deleted') ids.push(event.deletion)
  return ids.sort()
}

const broken = () => Promise.reject(new LedgerBrokenError('the chain does not verify'))

test('a thousand deletions at once are entered each once, also where the answer to an append is lost', async () => {
  world = await openInstallation({ releases: true })
  const ids = await choose(1000)
  let losses = 1
  const losing = overriding(world.ledger, {
    async append(decide) {
      const result = await world.ledger.append(decide)
      if (losses-- > 0) throw new Error('the answer is lost')
      return result
    },
  })
  const { upkeep, figures } = upkeepWith(losing)
  await assert.rejects(upkeep.enter(), /the answer is lost/)
  await upkeepWith(losing).upkeep.enter()
  assert.deepEqual(await entered(), ids)
  assert.deepEqual(await figures(), [0, 0])
})

test('while the ledger takes nothing the oldest deletion’s age is shown, it is said, and it is entered when the ledger is mended', async () => {
  world = await openInstallation({ releases: true })
  await choose(2)
  world.clock.advance(90_000)
  let isBroken = true
  const ledger = overriding(world.ledger, {
    append: (decide) => (isBroken ? broken() : world.ledger.append(decide)),
    state: () => (isBroken ? broken() : world.ledger.state()),
  })
  const { upkeep, figures, lines } = upkeepWith(ledger)
  for (let round = 0; round < 3; round++) await upkeep.enter()
  assert.deepEqual(await figures(), [0, 90])
  assert.equal(lines.length, 1)
  isBroken = false
  await upkeep.enter()
  assert.deepEqual(await figures(), [2, 0])
})

test('a deletion is kept until its time is over and it is entered; a broken ledger keeps raw records no longer', async () => {
  world = await openInstallation({ releases: true })
  const worker = await world.startWorker()
  await world.append([recordOf({ at: world.clock })])
  await world.settle(worker)
  await choose(1)
  const { upkeep } = upkeepWith(overriding(world.ledger, { append: broken, state: broken }))
  world.clock.advance(deletionMs)
  await upkeep.enter()
  await upkeep.forget()
  assert.equal(world.choices.log.choices.size, 1, 'nobody would know of it')
  await worker.drain()
  const other = await world.startWorker({ ledger: overriding(world.ledger, { append: broken, state: broken }) })
  await other.maintain()
  assert.equal(await world.engines.log.bytes(), 0)
  await other.drain()
  const mended = await world.startWorker()
  await until(async () => {
    await mended.maintain()
    return world.choices.log.choices.size === 0
  })
  assert.equal((await entered()).length, 1)
})
