/**
 * Whether the process in this container lives: asks its own /health/live, ends with 0 or 1. Live and not ready, since a
 * container that waits for a store that is away must not be replaced by another one that waits.
 *
 *   node health.mjs [collector|worker|reporting]   without: what the container's first process was started as
 *
 * Plain JavaScript: it runs every few seconds, and starting tsx takes longer than asking.
 */
import { readFileSync } from 'node:fs'

const ports = {
  collector: process.env.HEADCOUNT_COLLECTOR_PORT || 8080,
  reporting: process.env.HEADCOUNT_REPORTING_PORT || 8090,
  worker: process.env.HEADCOUNT_WORKER_PORT || 8070,
}
const answerMsMax = 4000

function startedAs() {
  // The container's init, where there is one, has the command as its own arguments.
  return /start-(collector|worker|reporting)\.ts/.exec(readFileSync('/proc/1/cmdline', 'utf8'))?.[1]
}

try {
  const service = process.argv[2] ?? startedAs()
  const port = ports[service]
  if (port === undefined) throw new Error(`not one of ${Object.keys(ports).join(', ')}: ${service}`)
  const url = `http://127.0.0.1:${port}/health/live`
  const answer = await fetch(url, { signal: AbortSignal.timeout(answerMsMax) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
} catch (error) {
  console.error(`unhealthy: ${error.message}`)
  process.exit(1)
}
