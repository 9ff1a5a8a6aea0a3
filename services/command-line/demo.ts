/**
 * `headcount demo`: a simulated DC/OS world sends through the collector's real door; a live table shows what arrives,
 * and the end compares what was sent with what was counted, to the event.
 */
import { randomBytes } from 'node:crypto'
import { type Config, ConfigError } from '../../shared/config.ts'
import type { Run } from './demo-batch.ts'
import { type Installation, openInstallation } from './demo-installation.ts'
import { Random } from './demo-random.ts'
import { DemoRun } from './demo-run.ts'
import { DemoScreen } from './demo-screen.ts'
import { choosePanel } from './demo-usage.ts'
import { makeWorld } from './demo-world.ts'

/** Two signals closer than that are one. */
const sameSignalMs = 1_000

interface DemoOptions {
  seconds: string
  rate: string
  seed: string
}

/**
 * Runs the demo against the installation on the data folder, starting one for as long if none runs. Exit code 1 when
 * something was not counted as it should be.
 * @throws ConfigError naming the option, when one is none
 */
export async function runDemo(config: Config, options: DemoOptions): Promise<void> {
  const seconds = wholeNumber('--seconds', options.seconds, 1, 86_400)
  const rate = wholeNumber('--rate', options.rate, 1, 5_000)
  const seed = wholeNumber('--seed', options.seed, 0, 2 ** 32 - 1)
  const stop = new AbortController()
  const release = stopOnSignals(stop)
  let fatal: unknown
  try {
    const installation = await openInstallation(config, (error) => {
      fatal ??= error
      stop.abort()
    })
    try {
      await simulate(installation, config, { seconds, rate, seed }, stop.signal)
    } finally {
      await installation.close()
    }
  } finally {
    release()
  }
  if (fatal) throw fatal
}

interface Pace {
  readonly seconds: number
  readonly rate: number
  readonly seed: number
}

async function simulate(installation: Installation, config: Config, pace: Pace, signal: AbortSignal): Promise<void> {
  const { catalogue } = installation
  const panel = choosePanel(catalogue)
  if (!panel)
    throw new ConfigError('This catalogue has no dataset of all events with grain `day`: the demo could show nothing.')
  const run: Run = { id: randomBytes(4).toString('hex'), startedAt: Date.now(), random: new Random(pace.seed) }
  const world = makeWorld(run, catalogue)
  const demo = new DemoRun({ installation, world, panel, startedAt: run.startedAt, ...pace })
  const title = `Demo: ${pace.rate} events/s, seed ${pace.seed}; ${world.title}`
  const screen = new DemoScreen(demo, title, config.k ?? catalogue.k)
  await demo.begin()
  const shown = screen.run()
  try {
    await demo.send(signal)
    await demo.settle()
  } finally {
    screen.stop()
    await shown
  }
  const verdict = await demo.verdict(config.k ?? catalogue.k)
  process.stdout.write(
    `${verdict.text}\nLook around: ${installation.reportingUrl}/${installation.isOwn ? ' once `npm start` runs' : ''}\n`,
  )
  if (!verdict.matches) process.exitCode = 1
}

/**
 * The first signal ends the demo with its summary, a later one at once. One Ctrl-C comes twice: from the terminal, and
 * from the loader that started this process and passes it on.
 */
function stopOnSignals(stop: AbortController): () => void {
  let stoppedAt = 0
  const onSignal = () => {
    if (!stop.signal.aborted) stoppedAt = performance.now()
    else if (performance.now() - stoppedAt > sameSignalMs) process.exit(130)
    stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return () => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw new ConfigError(`${name} is "${text}"; it must be a whole number from ${min} to ${max}`)
}
