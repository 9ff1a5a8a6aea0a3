/** Many seeds, one after the other: what became of all of them together, and which of them went wrong. */
import { Counts } from './counts.ts'
import { type Mutation, mutations } from './mutations.ts'
import { type SimulationResult, simulate } from './simulate.ts'

export interface SeedsResult {
  readonly seeds: number
  readonly counts: Counts
  readonly lost: number
  readonly doubled: number
  readonly wrongCells: number
  /** Seeds in which something went wrong. */
  readonly failed: readonly SimulationResult[]
}

export function isCorrect({ lost, doubled, wrongCells, stuck }: SimulationResult): boolean {
  return lost + doubled + wrongCells === 0 && stuck === ''
}

/** Runs the seeds from `from` on. `onSeed` is told after each of them. */
export async function runSeeds(
  seeds: number,
  from: number,
  options: { reorderCommits?: boolean | undefined; onSeed?: (result: SimulationResult) => void } = {},
): Promise<SeedsResult> {
  const counts = new Counts()
  const failed: SimulationResult[] = []
  const sum = { lost: 0, doubled: 0, wrongCells: 0 }
  for (let seed = from; seed < from + seeds; seed++) {
    const result = await simulate({ seed, reorderCommits: options.reorderCommits })
    counts.add(result.counts)
    for (const what of Object.keys(sum) as (keyof typeof sum)[]) sum[what] += result[what]
    if (!isCorrect(result)) failed.push(result)
    options.onSeed?.(result)
  }
  return { seeds, counts, failed, ...sum }
}

export interface Caught {
  readonly mutation: Mutation
  /** How many seeds it took; undefined when it was not caught. */
  readonly afterSeeds: number | undefined
  readonly result: SimulationResult | undefined
}

/** Runs every mutation until events of it are lost or doubled, for `seedsMax` seeds at the most. */
export async function catchMutations(from: number, seedsMax: number): Promise<Caught[]> {
  const all: Caught[] = []
  for (const mutation of mutations) all.push(await catchMutation(mutation, from, seedsMax))
  return all
}

async function catchMutation(mutation: Mutation, from: number, seedsMax: number): Promise<Caught> {
  for (let seeds = 1; seeds <= seedsMax; seeds++) {
    const result = await simulate({ seed: from + seeds - 1, mutation })
    // That it gets stuck is not enough: it has to have counted wrongly.
    if (result.lost + result.doubled > 0) return { mutation, afterSeeds: seeds, result }
  }
  return { mutation, afterSeeds: undefined, result: undefined }
}
