/**
 * From a day's exact cells to frozen bytes, once: reserve the budget, draw, freeze, and write into the ledger that these
 * bytes are the release. Each step may be run again after a crash:
 *
 * - before `budget.reserved` nothing has happened;
 * - from there to `release.sealed` noise may be drawn again, since nothing has left the trust boundary: no partner can read
 *   what the ledger does not name;
 * - from `release.sealed` on the bytes are what they are, whoever draws what.
 */
import { type Catalogue, releasedDatasets } from '../../shared/catalogue.ts'
import { reserve } from '../../shared/ledger/budget.ts'
import type { Ledger, LedgerState } from '../../shared/ledger/port.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { dayMs, hourMs } from '../../shared/window.ts'
import { drawRelease } from './draw-release.ts'
import { manifestOf } from './manifest.ts'
import { releaseFiles } from './release-files.ts'
import { ReleaseGoneError, type ReleaseStore } from './release-store.ts'
import type { ExactCell, RandomSource, ReleaseSpecification } from './release-types.ts'
import { specificationsOf } from './specification.ts'

export interface ReleaseTools {
  readonly ledger: Ledger
  readonly store: ReleaseStore
  readonly warehouse: Pick<Warehouse, 'exportBytes'>
  readonly catalogue: Catalogue
  readonly random: RandomSource
}

/** Exact cells by level, to be read once, and at once: who chooses later not to be in them is in what is drawn. */
export type CellsOf = (dataset: string) => Promise<ReadonlyMap<string, Iterable<ExactCell>>>

/** Whether every released dataset of that day is sealed or published. */
export function isSealed(state: LedgerState, catalogue: Catalogue, day: string): boolean {
  return releasedDatasets(catalogue).every(({ id }) => (state.release(day, id)?.state ?? 'RESERVED') !== 'RESERVED')
}

/** Whether every released dataset of that day is published. */
export function isPublished(state: LedgerState, catalogue: Catalogue, day: string): boolean {
  return releasedDatasets(catalogue).every(({ id }) => state.release(day, id)?.state === 'PUBLISHED')
}

/**
 * Reserves the budget of every released dataset of a day, so that a day that cannot be released is refused before
 * anything is read or drawn.
 * @throws BudgetExceededError, SpecificationChangedError, LedgerBrokenError
 */
export async function reserveDay(day: string, { ledger, catalogue }: ReleaseTools): Promise<void> {
  for (const specification of specificationsOf(catalogue)) {
    await ledger.append((state) => {
      const { dataset, hash, rho, delta } = specification
      const asked = { day, dataset, specification: hash, rho, delta, budgetRho: catalogue.releases.rho }
      const decision = reserve(state, asked)
      return { events: decision.outcome === 'reserved' ? [decision.event] : [], result: undefined }
    })
  }
}

/** Draws and freezes what is reserved and not sealed yet. */
export async function drawDay(day: string, cellsOf: CellsOf, tools: ReleaseTools): Promise<void> {
  for (const specification of specificationsOf(tools.catalogue)) {
    const state = (await tools.ledger.state()).release(day, specification.dataset)
    if (state?.state !== 'RESERVED') continue
    if (state.specification !== specification.hash)
      throw new Error(`${specification.dataset} of ${day} was reserved for another specification`)
    await sealDataset(day, specification, await cellsOf(specification.dataset), tools)
  }
}

async function sealDataset(
  day: string,
  specification: ReleaseSpecification,
  cells: ReadonlyMap<string, Iterable<ExactCell>>,
  { ledger, store, warehouse, catalogue, random }: ReleaseTools,
): Promise<void> {
  const { dataset } = specification
  const rows = drawRelease(cells, specification, random)
  const files = await releaseFiles(warehouse, specification, rows)
  const publishAt = publishTime(catalogue, day)
  const manifest = manifestOf(catalogue, specification, { day, publishAt, rows: rows.length, files })
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
  const sha256 = await store.save({ day, dataset, manifest: bytes, files }).catch(async (error) => {
    // Drawn by several at once: whoever was first has removed it already.
    const isTaken = async () => (await ledger.state()).release(day, dataset)?.state !== 'RESERVED'
    if (!(error instanceof ReleaseGoneError) || !(await isTaken())) throw error
  })
  if (sha256 === undefined) return
  const winner = await ledger.append((state) => {
    const known = state.release(day, dataset)
    // Somebody else was first: those bytes are the release.
    if (known?.state !== 'RESERVED') return { events: [], result: known?.sha256 }
    const sealed = { kind: 'release.sealed', day, dataset, sha256, rows: rows.length, publishAt } as const
    return { events: [sealed], result: sha256 }
  })
  if (winner !== undefined) await store.keepOnly(dataset, day, winner)
}

/** Removes what a crash left between `release.sealed` and the end: draws of the day that are no release. */
export async function removeLosers(day: string, { ledger, store }: Pick<ReleaseTools, 'ledger' | 'store'>) {
  for (const release of (await ledger.state()).releases())
    if (release.day === day && release.sha256 !== undefined) await store.keepOnly(release.dataset, day, release.sha256)
}

/**
 * Publishes what is sealed and due.
 * @param isAskedFor days that an operator wants published without waiting
 * @returns what was published now
 */
export async function publishDue(
  { ledger }: Pick<ReleaseTools, 'ledger'>,
  now: number,
  isAskedFor: (day: string) => Promise<boolean>,
): Promise<{ day: string; dataset: string }[]> {
  const published: { day: string; dataset: string }[] = []
  for (const { day, dataset, state, publishAt } of (await ledger.state()).releases()) {
    if (state !== 'SEALED' || (Date.parse(publishAt ?? '') > now && !(await isAskedFor(day)))) continue
    await ledger.append((current) => {
      const known = current.release(day, dataset)
      if (known?.state !== 'SEALED' || known.sha256 === undefined) return { events: [], result: undefined }
      return { events: [{ kind: 'release.published', day, dataset, sha256: known.sha256 }], result: undefined }
    })
    published.push({ day, dataset })
  }
  return published
}

/** A fixed time after the day's end, RFC 3339: when a release appears tells nothing about what is in it. */
function publishTime({ releases }: Catalogue, day: string): string {
  const end = Date.parse(`${day}T00:00:00Z`) + dayMs
  return new Date(end + releases.publishAfterHours * hourMs).toISOString()
}
