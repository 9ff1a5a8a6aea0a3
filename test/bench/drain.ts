/** One run of bench-workers.ts, in a process of its own, so that it can be held on one core with all its servers. */
import { parseArgs } from 'node:util'
import { drainWith } from './shared-work.ts'

const { values } = parseArgs({
  options: {
    workers: { type: 'string' },
    events: { type: 'string' },
    seed: { type: 'string' },
    share: { type: 'string' },
  },
})
const drained = await drainWith({
  workers: Number(values.workers),
  events: Number(values.events),
  seed: Number(values.seed),
  share: values.share === undefined ? undefined : Number(values.share),
})
process.stdout.write(`${JSON.stringify(drained)}\n`)
process.exit(0)
