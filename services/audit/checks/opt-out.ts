/** opt-out: a canary opts out, and senders with GPC and DNT say so; nothing of them is kept but a total. */
import { wronglyInLog } from '../canary/canary-run.ts'
import { optedOutEvents } from '../canary/send-canaries.ts'
import { type Check, fail, named, type Outcome, pass } from '../check.ts'
import type { Scene } from '../scene.ts'

const signals = [
  ['opt-out', 'opted-out', optedOutEvents],
  ['gpc', 'gpc', 1],
  ['dnt', 'dnt', 1],
] as const

export const optOutCheck: Check<Scene> = {
  id: 'opt-out',
  promise: 'who opted out, or sends Sec-GPC: 1 or DNT: 1, leaves nothing but a total',
  clauses: ['opt-out', 'update'],
  async look({ run, notRun }): Promise<Outcome> {
    if (!run) return notRun
    const wrong: string[] = []
    if (run.optOut.status !== 200) wrong.push(`the opt-out of a device was answered with ${run.optOut.status}`)
    for (const kind of wronglyInLog(run))
      if (['opted-out', 'gpc', 'dnt'].includes(kind)) wrong.push(`the event log has what was sent by: ${kind}`)
    const { before, after } = run.declined
    for (const [signal, , least] of signals) {
      const moved = (after.get(signal) ?? 0) - (before.get(signal) ?? 0)
      if (moved < least) wrong.push(`the total of ${signal} moved by ${moved}, not ${least}`)
    }
    if (wrong.length > 0) return fail(named(wrong))
    return pass(
      `${optedOutEvents} events after an opt-out, one request with GPC, one with DNT: nothing in the event log, and the totals have moved`,
    )
  },
}
