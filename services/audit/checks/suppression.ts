/** not-identify: what analysts are answered has no cell of fewer than k devices. */
import { get } from '../canary/answers.ts'
import { type Check, fail, named, notApplicable, type Outcome, pass, warn } from '../check.ts'
import type { Scene } from '../scene.ts'

/** Fewer than these is hardly a crowd. */
const kMin = 5

export const suppressionCheck: Check<Scene> = {
  id: 'suppression',
  promise: 'analysts are shown no cell of fewer than k devices',
  clauses: ['not-identify'],
  async look({ doors, credentials, catalogue, config }): Promise<Outcome> {
    const [url] = doors.reporting
    if (url === undefined) return notApplicable('reporting does not run, or it was not said where: --reporting')
    const token = credentials.analystToken || credentials.adminToken
    if (token === '') return notApplicable('the analyst token is not known here')
    const k = config.k ?? catalogue.k
    let rows = 0
    const wrong: string[] = []
    for (const { id, dimensions } of catalogue.datasets)
      for (const by of [...dimensions, dimensions.join(',')]) {
        const query = new URLSearchParams({ dataset: id, metrics: 'events,devices', by })
        const { status, text } = await get(`${url}/api/v1/usage?${query}`, token)
        if (status !== 200) return fail(`the usage of ${id} by ${by} is answered with ${status}`)
        const answer = JSON.parse(text.slice(text.indexOf('\n') + 1)) as { columns: string[]; rows: unknown[][] }
        const at = answer.columns.indexOf('devices')
        rows += answer.rows.length
        const small = answer.rows.filter((row) => typeof row[at] === 'number' && (row[at] as number) < k)
        if (small.length > 0) wrong.push(`${small.length} rows of ${id} by ${by} with fewer than ${k} devices`)
      }
    if (wrong.length > 0) return fail(named(wrong))
    const evidence = `k = ${k}; ${rows} rows of the last 30 days looked at, none below it`
    return k < kMin ? warn(`${evidence}; so small a k hides next to nothing`) : pass(evidence)
  },
}
