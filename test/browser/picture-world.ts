/** Three weeks of the demo's world, for pictures: its people move to the newest version one after the other. */
import { randomBytes } from 'node:crypto'
import type { DemoEvent } from '../../services/command-line/demo-batch.ts'
import { Random } from '../../services/command-line/demo-random.ts'
import { DemoSender } from '../../services/command-line/demo-sender.ts'
import { makeWorld } from '../../services/command-line/demo-world.ts'
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { dayBefore } from './dashboard-world.ts'

const today = '2026-11-20'
const days = 21
const batchesADay = 420
const weekendShare = 0.4
const newest = '2.2.0'

export async function startPictureWorld(): Promise<WholeInstallation> {
  const first = `${dayBefore(today, days - 1)}T12:00:30Z`
  const whole = await WholeInstallation.start(undefined, { HEADCOUNT_K: '10' }, first)
  const { collectorUrl, credentials, catalogue } = whole.headcount
  const run = { id: randomBytes(4).toString('hex'), startedAt: whole.clock.now(), random: new Random(3) }
  const world = makeWorld(run, catalogue)
  const sender = new DemoSender(collectorUrl, credentials.writeKey)
  const refused = (why: Error) => {
    throw why
  }
  for (let day = 0; day < days; day++) {
    await whole.passTo(`${dayBefore(today, days - 1 - day)}T12:00:30Z`)
    const weekday = new Date(whole.clock.now()).getUTCDay()
    const share = (weekday === 0 || weekday === 6 ? weekendShare : 1) * (0.8 + day / 60)
    for (let batch = 0; batch < batchesADay * share; batch++) {
      const made = world.next(whole.clock.now())
      const events = made.events.map((event) => moved(event, day / days))
      sender.start({ ...made, events }, true, new AbortController().signal, () => undefined, refused)
      if (!sender.isFree) await sender.idle()
    }
    await sender.idle()
    await whole.settle()
  }
  sender.close()
  return whole
}

/** @param share of people that have moved by now; who has is the same from day to day */
function moved(event: DemoEvent, share: number): DemoEvent {
  const who = event.cookie ?? event.device
  if (who === undefined || event.version === undefined) return event
  const place = [...who].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1000, 7) / 1000
  return { ...event, version: place < share ? newest : event.version === newest ? '2.1.4' : event.version }
}
