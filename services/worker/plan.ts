/**
 * The plan of a batch, kept in the commit's metadata: `v1:<before>:<catalogue version>`. Before anything of [N, before)
 * is stored, N is committed with it; whoever takes the partition over finishes exactly that stretch first.
 */
export interface Plan {
  before: number
  catalogueVersion: string
}

export function writePlan(plan: Plan): string {
  return `v1:${plan.before}:${plan.catalogueVersion}`
}

/** The plan in a commit's metadata; undefined when there is none. @throws Error for metadata of an unknown form */
export function readPlan(metadata: string): Plan | undefined {
  if (metadata === '') return undefined
  const match = /^v1:(\d+):(.*)$/s.exec(metadata)
  if (!match)
    throw new Error('the commit of the event log has metadata of an unknown form; was it written by a newer version?')
  return { before: Number(match[1]), catalogueVersion: match[2] ?? '' }
}
