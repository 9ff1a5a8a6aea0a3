/** `npm start`: collector, worker and reporting in one process on the embedded engines, with nothing to configure. */
import { systemClock } from '../shared/clock.ts'
import { readConfig } from '../shared/config.ts'
import { createLogger } from '../shared/logger.ts'
import { type Headcount, startHeadcount } from './headcount.ts'
import { probe } from './probe.ts'
import { explain } from './start-failure.ts'
import { welcome } from './welcome.ts'

/** Longest a stop may take before the process ends anyway; everything acknowledged is durable by then. */
const drainMsMax = 20_000
/** A second signal later than this means: now. */
const impatientAfterMs = 1000

async function start(): Promise<void> {
  const startedAt = performance.now()
  const config = readConfig(process.env)
  const logger = createLogger(config)
  let headcount: Headcount | undefined
  let stoppingSince: number | undefined
  const stop = (why: string, exitCode: number) => {
    // Ctrl-C reaches this process twice when a parent passes it on as well: that is not impatience.
    if (stoppingSince !== undefined && performance.now() - stoppingSince > impatientAfterMs) process.exit(exitCode || 1)
    if (stoppingSince !== undefined) return
    stoppingSince = performance.now()
    logger.info({ why }, 'stopping: finishing what runs')
    setTimeout(() => process.exit(1), drainMsMax).unref()
    void (headcount?.close() ?? Promise.resolve()).then(
      () => process.exit(exitCode),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', () => stop('SIGTERM', 0))
  process.on('SIGINT', () => stop('SIGINT', 0))
  headcount = await startHeadcount({ config, clock: systemClock, logger, onFatal: () => stop('fatal error', 1) })
  const reader = await headcount.engines.warehouse.reader()
  await probe(headcount.collectorUrl, headcount.credentials.writeKey, reader, systemClock)
  await reader.close()
  headcount.markReady()
  process.stdout.write(welcome(headcount, config, (performance.now() - startedAt) / 1000))
}

start().catch((error) => {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
})
