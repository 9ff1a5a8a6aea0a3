/** `npm start`: collector, worker and reporting in one process on the embedded engines, with nothing to configure. */
import { systemClock } from '../shared/clock.ts'
import { startHeadcount } from './headcount.ts'
import { probe } from './probe.ts'
import { signInLink } from './reporting/dashboard/sign-in-links.ts'
import { runProcess } from './run-process.ts'
import { welcome } from './welcome.ts'

runProcess(async ({ config, logger, onFatal }) => {
  const startedAt = performance.now()
  const headcount = await startHeadcount({ config, clock: systemClock, logger, onFatal })
  const reader = await headcount.engines.warehouse.reader()
  await probe(headcount.collectorUrl, headcount.credentials.writeKey, reader, systemClock)
  await reader.close()
  headcount.markReady()
  const link = signInLink(headcount.reportingUrl, await headcount.desk.signIn('admin'))
  process.stdout.write(welcome(headcount, config, (performance.now() - startedAt) / 1000, link))
  return headcount
})
