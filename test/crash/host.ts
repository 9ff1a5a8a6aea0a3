/**
 * The process that is killed: a whole Headcount over a data folder, with the campaign's time. Tells on standard output,
 * a JSON object on each line, where it listens and which phases it enters; its log goes to standard error.
 */
import { parseArgs } from 'node:util'
import pino from 'pino'
import { startHeadcount } from '../../services/headcount.ts'
import { explain } from '../../services/start-failure.ts'
import { readConfig } from '../../shared/config.ts'
import { createLogger } from '../../shared/logger.ts'
import { type Mutation, mutated } from './mutation.ts'
import { type EnterPhase, observedEngines } from './phases.ts'
import { SimulatedTime } from './simulated-time.ts'

const { values } = parseArgs({
  options: {
    clock: { type: 'string', default: '' },
    mutation: { type: 'string' },
    /** `<phase>,<how many times it is entered>,<ms after that>`: when this process kills itself. */
    'die-at': { type: 'string', default: '' },
  },
})
const [deadlyPhase, timesText, delayText] = values['die-at'].split(',')
let timesLeft = Number(timesText)

const tell = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`)

const enter: EnterPhase = (place, phase) => {
  tell({ place, phase })
  if (phase !== deadlyPhase || --timesLeft !== 0) return
  const die = () => process.kill(process.pid, 'SIGKILL')
  // Without a delay it must be this very moment: nothing may run between the phase's start and the end.
  if (Number(delayText) === 0) die()
  else setTimeout(die, Number(delayText))
}

try {
  const config = readConfig(process.env)
  const headcount = await startHeadcount({
    config,
    clock: SimulatedTime.parse(values.clock),
    logger: createLogger(config, pino.destination(2)),
    onFatal: () => process.exit(1),
    wrapEngines: (engines) =>
      observedEngines(values.mutation ? mutated(engines, values.mutation as Mutation) : engines, enter),
  })
  process.on('SIGTERM', () => void headcount.close().then(() => process.exit(0)))
  tell({ collectorUrl: headcount.collectorUrl, reportingUrl: headcount.reportingUrl })
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
}
