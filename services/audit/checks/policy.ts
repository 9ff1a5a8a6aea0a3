/** policy-change: the policy in force is one, in the ledger, in the settings and in what senders are told. */

import { minuteMs } from '../../../shared/window.ts'
import { get } from '../canary/answers.ts'
import { type Check, fail, named, type Outcome, pass, warn } from '../check.ts'
import type { Scene } from '../scene.ts'

export const policyCheck: Check<Scene> = {
  id: 'policy',
  promise: 'senders are told the policy that is in force, and the ledger has it',
  clauses: ['policy-change', 'contact'],
  async look({ policy, state, ledger, doors, now }): Promise<Outcome> {
    const wrong: string[] = []
    const inForce = state?.policies().at(-1)
    const own = `version ${policy.version}, sha256 ${policy.sha256.slice(0, 12)}…`
    if (state && !inForce && (await isOlderThan(ledger, now - minuteMs))) wrong.push('the ledger has no policy')
    if (inForce && (inForce.version !== policy.version || inForce.sha256 !== policy.sha256))
      wrong.push(
        `the ledger has version ${inForce.version}, sha256 ${inForce.sha256.slice(0, 12)}…; the settings have ${own}`,
      )
    for (const url of doors.collectors) {
      const { status, text } = await get(`${url}/v1/policy`)
      const told = status === 200 ? (JSON.parse(text.slice(text.indexOf('\n') + 1)) as Told) : undefined
      if (!told) wrong.push(`${url} answers ${status} when asked for its policy`)
      else if (told.version !== policy.version || told.sha256 !== policy.sha256)
        wrong.push(`${url} tells version ${told.version}; the settings have ${own}`)
    }
    if (wrong.length > 0) return fail(named(wrong))
    if (!state) return warn(`${own}; what the ledger has cannot be read (line \`ledger\`)`)
    if (!inForce) return warn(`${own}; the ledger is a minute old and does not have it yet: look again`)
    return pass(`${own}, in the ledger since ${inForce.adoptedAt}; ${doors.collectors.length} collectors tell it`)
  },
}

/** A worker enters the policy within a second of its start. */
async function isOlderThan(ledger: Scene['ledger'], time: number): Promise<boolean> {
  for await (const { at } of ledger.entries(0, 1)) return Date.parse(at) < time
  return false
}

interface Told {
  version?: string
  sha256?: string
}
