/**
 * What suppression costs: of the cells with k devices or more, and of all events, how much analysts are shown, where each
 * window hides for itself only and where windows hide for each other. On the real access log and on a made month.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { classifyClient } from '../../services/worker/classify-client.ts'
import { dayMs, type Grain, hourMs } from '../../shared/window.ts'
import type { TimedReport } from '../services/reporting/differencing-over-time.ts'
import { SettledWorld } from '../services/reporting/settled-world.ts'

const k = 10
const grains = ['hour', 'day', 'week', 'month'] as const
const sections = ['presentations', 'blog', 'images', 'projects', 'files', 'articles', 'misc']

interface Source {
  title: string
  dimensions: string[]
  reports: TimedReport[]
}

function accessLog(): Source[] {
  const file = path.join(import.meta.dirname, '../fixtures/access-log/apache-access.log.gz')
  const senders = new Map<string, number>()
  const form =
    /^(\S+) \S+ \S+ \[(\d\d)\/(\w{3})\/(\d{4}):(\S+) \+0000\] "\S+ \/([^/ ?"]*)\S* [^"]*" \d+ \S+ "[^"]*" "([^"]*)"/
  const lines = gunzipSync(readFileSync(file)).toString().split('\n')
  const seen = lines.flatMap((line) => {
    const [, address, day, month, year, time, section = '', agent = ''] = form.exec(line) ?? []
    const client = classifyClient(agent)
    if (address === undefined || client.deviceType === 'bot') return []
    const sender = senders.get(address + agent) ?? senders.size
    senders.set(address + agent, sender)
    const feature = sections.includes(section) ? section : '(other)'
    return [{ sender, feature, client, time: Date.parse(`${day} ${month} ${year} ${time} GMT`) }]
  })
  const report = (values: (one: (typeof seen)[number]) => string[]) =>
    seen.map((one) => ({ sender: one.sender, time: one.time, events: 1, values: values(one) }))
  return [
    { title: 'access log, sections', dimensions: ['feature'], reports: report(({ feature }) => [feature]) },
    {
      title: 'access log, clients',
      dimensions: ['browser', 'os', 'device_type'],
      reports: report(({ client }) => [client.browser, client.os, client.deviceType]),
    },
  ]
}

/** 1,500 devices over 61 days: few features and versions are used much, by day more than by night. */
function madeMonths(): Source {
  const random = numbers(11)
  const reports: TimedReport[] = []
  const from = Date.parse('2026-09-01T00:00:00Z')
  for (let sender = 0; sender < 1500; sender++) {
    const version = `1.${Math.floor(random() ** 2 * 12)}`
    const activity = random() ** 2
    for (let day = 0; day < 61; day++) {
      for (let visit = Math.floor(activity * 4 * random() + 0.3); visit > 0; visit--) {
        const hour = Math.min(23, Math.floor(((random() + random() + random()) / 3) * 24 + random() * 4))
        reports.push({
          sender,
          time: from + day * dayMs + hour * hourMs,
          values: [`f${Math.floor(random() ** 2 * 20)}`, version],
          events: 1 + Math.floor(random() * 5),
        })
      }
    }
  }
  return { title: 'made months, feature × version', dimensions: ['feature', 'version'], reports }
}

function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`
}

function measure({ title, dimensions, reports }: Source): void {
  const times = reports.map(({ time }) => time)
  const to = times.reduce((most, time) => Math.max(most, time), 0) + 1
  const from = times.reduce((least, time) => Math.min(least, time), to)
  const world = new SettledWorld(reports, { dimensions: dimensions.length, grains, from, to, k })
  console.log(`\n${title}: ${reports.length} reports, k = ${k}; shown of cells with k devices, and of events:`)
  const full = 2 ** dimensions.length - 1
  for (let mask = 0; mask <= full; mask++) {
    const by = dimensions.filter((_, index) => mask & (1 << index)).join(' × ') || 'total'
    for (const grain of grains) console.log(line(world, grain, mask, by))
  }
}

function line(world: SettledWorld, grain: Grain, mask: number, by: string): string {
  const sums = { cells: 0, events: 0, alone: 0, aloneEvents: 0, together: 0, togetherEvents: 0 }
  for (const { window, values, events, devices } of world.cells(grain, mask)) {
    sums.events += events
    if (devices < k) continue
    sums.cells++
    if (world.isHidden(grain, window, mask, values, false)) continue
    sums.alone++
    sums.aloneEvents += events
    if (world.isHidden(grain, window, mask, values, true)) continue
    sums.together++
    sums.togetherEvents += events
  }
  const alone = `${percent(sums.alone, sums.cells)}, ${percent(sums.aloneEvents, sums.events)}`
  const together = `${percent(sums.together, sums.cells)}, ${percent(sums.togetherEvents, sums.events)}`
  return `  ${by.padEnd(28)} ${grain.padEnd(5)} ${String(sums.cells).padStart(6)}   alone ${alone.padEnd(20)} for each other ${together}`
}

for (const source of [...accessLog(), madeMonths()]) measure(source)
