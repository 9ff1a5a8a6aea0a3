/** Two weeks of use in which one version rises, one feature falls and half of the clusters run on AWS: what is to be found. */
import { WholeInstallation } from '../privacy/whole-installation.ts'
import { dayBefore, sendNow } from './dashboard-world.ts'

const today = '2026-11-20'
const weekDays = 7
/** By their place in the two weeks; the same weekdays in both, yesterday among them, and today. */
const daysOfUse = [2, 4, 6, 9, 11, 13, 14]
const devices = 30
const clusters = { aws: 12, onprem: 7, azure: 5 } as const

interface Sent {
  readonly day: string
  readonly feature: string
  readonly version: string
  readonly provider?: string
}

export interface TaskWorld {
  readonly whole: WholeInstallation
  /** Everything that was sent, for counting it independently. */
  readonly sent: readonly Sent[]
  /** The seven whole days before today, and the seven before them: `YYYY-MM-DD`. */
  readonly thisWeek: readonly string[]
  readonly weekBefore: readonly string[]
}

export async function startTaskWorld(): Promise<TaskWorld> {
  const days = Array.from({ length: 2 * weekDays + 1 }, (_, at) => dayBefore(today, 2 * weekDays - at))
  const whole = await WholeInstallation.start(undefined, { HEADCOUNT_K: '5' }, `${days[2]}T12:00:30Z`)
  const sent: Sent[] = []
  for (const [at, day] of days.entries()) {
    if (!daysOfUse.includes(at)) continue
    whole.clock.set(`${day}T12:00:30Z`)
    const events = eventsOf(at)
    await sendNow(whole, events)
    sent.push(...events.map((event) => ({ ...event, day })))
  }
  await whole.headcount.worker.maintain()
  await whole.settle()
  return { whole, sent, thisWeek: days.slice(weekDays, -1), weekBefore: days.slice(0, weekDays) }
}

type Event = Omit<Sent, 'day'> & Record<string, unknown>

/** @param at day, from 0; version 2.2.0 takes over in the second week, in which `jobs` is used much less */
function eventsOf(at: number): Event[] {
  const isLater = at >= weekDays
  const ofDevice = (device: number): Event[] => {
    const version = device < (isLater ? 20 : 8) ? '2.2.0' : '2.1.0'
    const of = (feature: string, times: number): Event[] =>
      Array.from({ length: times }, () => ({ feature, version, device: `device-${device}`, source: 'ui' }))
    return [...of('dashboard', 3), ...of('services', isLater ? 3 : 2), ...of('jobs', isLater ? 1 : 3)]
  }
  const reports = Object.entries(clusters).flatMap(([provider, count]) =>
    Array.from({ length: count }, (_, cluster): Event => {
      const report = { version: '2.1.0', provider, variant: 'enterprise', agents: 10, source: 'node' }
      return { feature: 'mesos_track', cluster: `cluster-${provider}-${cluster}`, ...report }
    }),
  )
  return [...Array.from({ length: devices }, (_, device) => ofDevice(device)).flat(), ...reports]
}
