/**
 * `npm run bench:sender -- --events 100000`: what our sender takes of its host, beside `@segment/analytics-node` and
 * `posthog-node`, one after the other before the same server on this machine. Figures are over a host that tracks nothing.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { median } from './measured-process.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '100000' },
    rate: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '1' },
  },
})
/** The clients are found from there. */
const built = fileURLToPath(new URL('../../dist/bench/sender-host.mjs', import.meta.url))
/** Our batches: the others' are far smaller, unless told. */
const batch = '500'

interface Taken {
  readonly cpuSeconds: number
  readonly peakMiB: number
}

const hosts: Record<string, { sender: string; args: readonly string[] }> = {
  'no sender': { sender: 'none', args: [] },
  'ours, with a spool': { sender: 'ours', args: ['--spool', 'SPOOL'] },
  'ours, in memory': { sender: 'ours', args: [] },
  'analytics-node': { sender: 'segment', args: [] },
  [`analytics-node, batches of ${batch}`]: { sender: 'segment', args: ['--batch', batch] },
  'posthog-node': { sender: 'posthog', args: [] },
  [`posthog-node, batches of ${batch}`]: { sender: 'posthog', args: ['--batch', batch] },
}

/** Takes every request of each of them, and counts its events. */
function server() {
  const seen = { requests: 0, events: 0 }
  const http = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces)
      const text = (body[0] === 0x1f ? gunzipSync(body) : body).toString()
      const events = request.url === '/v1/events' ? text.split('\n').length - 1 : JSON.parse(text).batch.length
      seen.requests++
      seen.events += events
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ accepted: events, rejected: [], success: true, status: 1 }))
    })
  })
  return { http, seen }
}

async function measure(name: string, url: string): Promise<Taken> {
  const { sender, args } = hosts[name]!
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-bench-'))
  try {
    const given = ['--sender', sender, '--url', url, '--events', values.events, '--rate', values.rate]
    const own = args.map((arg) => (arg === 'SPOOL' ? path.join(dir, 'spool') : arg))
    const child = spawn(process.execPath, [built, ...given, ...own], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (piece) => {
      said += piece
    })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`${name} ended with ${code}`)
    return JSON.parse(said) as Taken
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

await build({
  entryPoints: [fileURLToPath(new URL('sender-host.ts', import.meta.url))],
  outfile: built,
  ...{ bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
})
const { http, seen } = server()
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
const taken = new Map<string, Taken[]>()
const requests = new Map<string, number>()
for (let round = 0; round < Number(values.rounds); round++) {
  for (const name of Object.keys(hosts)) {
    Object.assign(seen, { requests: 0, events: 0 })
    taken.set(name, [...(taken.get(name) ?? []), await measure(name, url)])
    requests.set(name, seen.requests)
    const wanted = name === 'no sender' ? 0 : Number(values.events)
    if (seen.events !== wanted) throw new Error(`${name}: ${seen.events} of ${wanted} events arrived`)
  }
}
http.close()

const of = (name: string, figure: keyof Taken) => median((taken.get(name) ?? []).map((one) => one[figure]))
const over = (name: string, figure: keyof Taken) => of(name, figure) - of('no sender', figure)
const ours = 'ours, with a spool'
const line = (...cells: string[]) => {
  const [name = '', ...rest] = cells
  process.stdout.write(`${name.padEnd(32)}${rest.map((cell) => cell.padStart(14)).join('')}\n`)
}
process.stdout.write(
  `${values.events} events at ${values.rate}/s, over a host without a sender (${of('no sender', 'cpuSeconds').toFixed(2)} s, ${of('no sender', 'peakMiB').toFixed(0)} MiB)\n\n`,
)
line('', 'requests', 'CPU s', 'peak MiB', 'ours / CPU', 'ours / MiB')
for (const name of Object.keys(hosts).slice(1)) {
  const ratio = (figure: keyof Taken) => (over(ours, figure) / over(name, figure)).toFixed(2)
  line(
    name,
    String(requests.get(name)),
    over(name, 'cpuSeconds').toFixed(2),
    over(name, 'peakMiB').toFixed(0),
    ratio('cpuSeconds'),
    ratio('peakMiB'),
  )
}
