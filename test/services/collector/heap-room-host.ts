/** A server that takes bodies as a collector under load does; prints how many major collections there were. */
import { Agent, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { keepHeapRoom } from '../../../services/collector/heap-room.ts'
import { sendAll } from '../../bench/send-all.ts'

const connections = 64
const requests = 4000
const body = Buffer.alloc(27_000, 'x')

let major = 0
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries() as unknown as { detail: { kind: number } }[])
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) major++
}).observe({ entryTypes: ['gc'] })

if (process.argv[2] === 'room') keepHeapRoom()
// The factor that V8 comes to where little survives; by itself it does so in some processes and not in others.
else setFlagsFromString('--heap-growing-percent=30')

const server = createServer(async (request, answer) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  answer.end(String(Buffer.concat(chunks).length))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
const agent = new Agent({ keepAlive: true, maxSockets: connections })
const bodies = Array.from({ length: requests }, () => body)
await sendAll({ url, headers: {} }, agent, bodies, connections)
// From here on V8 goes by the factor; until then by what it was started with.
setFlagsFromString('--expose-gc')
runInNewContext('gc')()
await sleep(50)
major = 0
for (let round = 0; round < 12; round++) await sendAll({ url, headers: {} }, agent, bodies, connections)
await sleep(50)
process.stdout.write(String(major))
process.exit(0)
