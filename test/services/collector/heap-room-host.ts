/** A collector that takes bodies as under load; prints how many major collections there were. */
import { Agent } from 'node:http'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { sendAll } from '../../bench/send-all.ts'
import { startCollector, writeKey } from './running-collector.ts'

const connections = 64
const requests = 4000
/** Of an event that is refused, so that nothing of it is kept; the rest is white space. */
const body = Buffer.from('{"events":[{}]}'.padEnd(27_000))

let major = 0
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries() as unknown as { detail: { kind: number } }[])
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) major++
}).observe({ entryTypes: ['gc'] })

const { url } = await startCollector()
// The factor that V8 comes to where little survives; by itself it does so in some processes and not in others.
if (process.argv[2] === 'none') setFlagsFromString('--heap-growing-percent=30')
const target = { url: `${url}/v1/events`, headers: { authorization: `Bearer ${writeKey}` } }
const agent = new Agent({ keepAlive: true, maxSockets: connections })
const bodies = Array.from({ length: requests }, () => body)
await sendAll(target, agent, bodies, connections)
// From here on V8 goes by the factor; until then by what it was started with.
setFlagsFromString('--expose-gc')
runInNewContext('gc')()
await sleep(50)
major = 0
for (let round = 0; round < 4; round++) await sendAll(target, agent, bodies, connections)
await sleep(50)
process.stdout.write(String(major))
process.exit(0)
