/**
 * `npm run bench:seal -- --devices 2000000 --events 50000000`: seals a generated day from the embedded event log, and says
 * what it took; also for a tenth of it, to show how it grows. The log is written first, to a temporary folder.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, statfs } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { sealDay } from '../../services/worker/seal/seal-day.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { ManualClock } from '../../shared/clock.ts'
import { RecordText, recordHead } from '../../shared/event.ts'
import { openEmbeddedEventLog } from '../../shared/eventlog/embedded.ts'
import { openEmbeddedKeyValue } from '../../shared/keyvalue/embedded.ts'
import { dayMs } from '../../shared/window.ts'

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '200000' },
    events: { type: 'string', default: '5000000' },
    dir: { type: 'string', default: os.tmpdir() },
    growth: { type: 'boolean', default: false },
  },
})
const day = '2026-11-23'
const start = Date.parse(`${day}T00:00:00Z`)
const eventsPerRecord = 5

interface Figures {
  devices: number
  events: number
  logBytes: number
  seconds: number
  cpuSeconds: number
  memoryMiB: number
  scratchMiB: number
  units: number
  bytesRead: number
}

const runs: Figures[] = []
const wanted = { devices: Number(values.devices), events: Number(values.events) }
if (values.growth) runs.push(await run({ devices: wanted.devices / 10, events: wanted.events / 10 }))
runs.push(await run(wanted))
print(runs)

async function run({ devices, events }: { devices: number; events: number }): Promise<Figures> {
  const dir = await mkdtemp(path.join(values.dir, 'headcount-seal-'))
  try {
    const clock = new ManualClock(start)
    const keyValue = await openEmbeddedKeyValue({ dir: path.join(dir, 'key-value'), clock })
    const log = await openEmbeddedEventLog({
      ...{ dir: path.join(dir, 'log'), partitions: 1, clock, fsync: false, pendingBytesMax: 1e9 },
    })
    await write(log, clock, devices, events)
    const logBytes = await log.bytes()
    globalThis.gc?.()
    const before = process.cpuUsage()
    const startedAt = performance.now()
    let memory = 0
    let scratch = 0
    const watch = setInterval(() => {
      memory = Math.max(memory, process.memoryUsage().rss)
    }, 100)
    const catalogue = readCatalogue('')
    const free = await freeBytes(dir)
    const sealed = await sealDay(day, randomBytes(32), {
      ...{ log, keyValue, catalogue, locate: () => '', scratchDir: path.join(dir, 'scratch') },
      onProgress: async ({ phase, done, total }) => {
        scratch = Math.max(scratch, free - (await freeBytes(dir)))
        if (process.stderr.isTTY)
          process.stderr.write(`\r${phase} ${Math.floor((100 * done) / Math.max(1, total))} %   `)
      },
    })
    for (const cells of sealed.cellsOf('feature_usage').values()) for (const _ of cells) void _
    clearInterval(watch)
    const cpu = process.cpuUsage(before)
    const figures = {
      devices,
      events: sealed.events,
      logBytes,
      seconds: (performance.now() - startedAt) / 1000,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      memoryMiB: memory / 2 ** 20,
      scratchMiB: scratch / 2 ** 20,
      units: sealed.units,
      bytesRead: sealed.bytesRead,
    }
    await sealed.remove()
    await log.close()
    await keyValue.close()
    return figures
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function freeBytes(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir)
  return bavail * bsize
}

async function write(
  log: Awaited<ReturnType<typeof openEmbeddedEventLog>>,
  clock: ManualClock,
  devices: number,
  events: number,
): Promise<void> {
  const features = readCatalogue('').features.filter(({ unit }) => unit === 'sender')
  const records = Math.ceil(events / eventsPerRecord)
  let waiting: { partition: number; value: Buffer }[] = []
  let id = 0
  for (let index = 0; index < records; index++) {
    // Spread over the day, so that there is a file for each hour.
    clock.set(start + Math.floor((index / records) * (dayMs - 1000)))
    const device = index % devices
    const head = recordHead({ receivedAt: clock.now(), route: 'node', ip: '192.0.2.1', userAgent: 'agent/1' })
    const text = new RecordText(head, { kind: 'device', id: `device-${device}` }, true)
    for (let event = 0; event < eventsPerRecord; event++) {
      const feature = features[(device + event * 3 + (index % 7)) % features.length]?.id ?? ''
      text.add(`"${uuidOf(id++)}"`, clock.now(), `"${feature}"`, `{"version":"2.${device % 12}"}`)
    }
    waiting.push({ partition: 0, value: text.bytes() })
    if (waiting.length === 10_000) {
      await log.append(waiting)
      waiting = []
      if (process.stderr.isTTY) process.stderr.write(`\rwriting the log: ${Math.floor((100 * index) / records)} %   `)
    }
  }
  if (waiting.length > 0) await log.append(waiting)
}

/** As senders make them; made from a number, for it is quicker. */
function uuidOf(id: number): string {
  const hex = id.toString(16).padStart(12, '0')
  return `3f2a6c10-9b1e-4c4d-8a77-${hex}`
}

function print(all: readonly Figures[]): void {
  const row = (name: string, of: (one: Figures) => string) =>
    `${name.padEnd(28)}${all.map((one) => of(one).padStart(16)).join('')}\n`
  const whole = (value: number) => Math.round(value).toLocaleString('en')
  process.stdout.write(
    [
      '\n',
      row('events of the day', (one) => whole(one.events)),
      row('devices', (one) => whole(one.units)),
      row('log, MiB', (one) => whole(one.logBytes / 2 ** 20)),
      row('bytes read, MiB', (one) => whole(one.bytesRead / 2 ** 20)),
      row('scratch on disk, MiB', (one) => whole(one.scratchMiB)),
      row('seconds', (one) => one.seconds.toFixed(1)),
      row('CPU-seconds', (one) => one.cpuSeconds.toFixed(1)),
      row('CPU-seconds/million events', (one) => ((one.cpuSeconds * 1e6) / one.events).toFixed(2)),
      row('resident memory, MiB', (one) => whole(one.memoryMiB)),
    ].join(''),
  )
}
