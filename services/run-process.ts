/** What every process has in common: settings, logger, signals, and a stop that finishes what runs. */
import { type Config, readConfig } from '../shared/config.ts'
import { createLogger, type Logger } from '../shared/logger.ts'
import { explain } from './start-failure.ts'

/** Longest a stop may take before the process ends anyway; everything acknowledged is durable by then. */
const drainMsMax = 20_000
/** A second signal later than this means: now. */
const impatientAfterMs = 1000

export interface ProcessTools {
  readonly config: Config
  readonly logger: Logger
  /** Stops the process with exit code 1, after what runs has been finished. */
  readonly onFatal: (error: unknown) => void
  /** Aborts when the process is to stop while it is still starting. */
  readonly stopping: AbortSignal
}

/** Starts, and stops at SIGTERM or SIGINT. `start` resolves when everything works; its `close` finishes what runs. */
export function runProcess(start: (tools: ProcessTools) => Promise<{ close(): Promise<void> }>): void {
  run(start).catch((error) => {
    process.stderr.write(`${explain(error)}\n`)
    process.exit(1)
  })
}

async function run(start: (tools: ProcessTools) => Promise<{ close(): Promise<void> }>): Promise<void> {
  const config = readConfig(process.env)
  const logger = createLogger(config)
  const stopping = new AbortController()
  let running: { close(): Promise<void> } | undefined
  let stoppingSince: number | undefined
  const stop = (why: string, exitCode: number) => {
    // Ctrl-C reaches this process twice when a parent passes it on as well: that is not impatience.
    if (stoppingSince !== undefined && performance.now() - stoppingSince > impatientAfterMs) process.exit(exitCode || 1)
    if (stoppingSince !== undefined) return
    stoppingSince = performance.now()
    logger.info({ why }, 'stopping: finishing what runs')
    stopping.abort()
    setTimeout(() => process.exit(1), drainMsMax).unref()
    void (running?.close() ?? Promise.resolve()).then(
      () => process.exit(exitCode),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', () => stop('SIGTERM', 0))
  process.on('SIGINT', () => stop('SIGINT', 0))
  const onFatal = (error: unknown) => {
    logger.fatal(
      { err: error },
      'this process cannot go on; it ends, and goes on from the log when it is started again',
    )
    stop('fatal error', 1)
  }
  running = await start({ config, logger, onFatal, stopping: stopping.signal })
}
