/** An OpenTelemetry Collector of one's own, built as README.md in this folder says, over a Kafka. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { diesWithParent } from '../../../infra/services/dies-with-parent.ts'
import { freePorts } from '../../../infra/services/free-ports.ts'

const readyMsMax = 30_000

export interface OtelCollector {
  /** OTLP over HTTP. */
  readonly url: string
  readonly pid: number
  stop(): void
}

export interface OtelOptions {
  /** The program. */
  readonly program: string
  readonly dir: string
  /** `host:port`, comma-separated. */
  readonly brokers: string
  readonly topic: string
}

/**
 * As sparing as it can be set up to be: no queue (it would answer before anything is durable), acks of all replicas, no
 * compression, none of its own metrics and logs; its default lingering, which takes less here than none.
 * @throws Error when there is no such program, or it does not listen in time
 */
export async function startOtelCollector({ program, dir, brokers, topic }: OtelOptions): Promise<OtelCollector> {
  if (!existsSync(program))
    throw new Error(`there is no ${program}; test/bench/peer/README.md has the commands that build it`)
  const [port = 0] = await freePorts(1)
  const file = path.join(dir, `otel-${port}.yaml`)
  await writeFile(file, configuration(port, brokers, topic))
  const child = spawn(program, ['--config', `file:${file}`], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  diesWithParent(child)
  let output = ''
  const collect = (chunk: Buffer) => {
    output = (output + chunk).slice(-4000)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const url = `http://127.0.0.1:${port}/v1/logs`
  for (const deadline = performance.now() + readyMsMax; ; await sleep(100)) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`the OpenTelemetry Collector does not listen:\n${output}`)
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(url, { method: 'POST', headers, body: '{}' }).catch(() => undefined)
    if (answer?.ok) break
  }
  return { url, pid: child.pid ?? 0, stop: () => void child.kill('SIGKILL') }
}

function configuration(port: number, brokers: string, topic: string): string {
  return `receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:${port}
exporters:
  kafka:
    brokers: [${brokers}]
    logs:
      topic: ${topic}
      encoding: otlp_proto
    producer:
      required_acks: -1
      compression: none
      linger: 10ms
    sending_queue:
      enabled: false
service:
  telemetry:
    metrics:
      level: none
    logs:
      level: error
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [kafka]
`
}
