/**
 * One batch through the pipeline: open the records, fetch the keys they need, run every event, and give the block to
 * store. Running the same records again gives the same block, but for those who have chosen meanwhile not to be in it.
 */
import type { Catalogue } from '../../shared/catalogue.ts'
import type { LeftOut } from '../../shared/choices/left-out.ts'
import type { ConfidentialKind } from '../../shared/confidential/kind.ts'
import { Drop, type DropReason, dropReasons } from '../../shared/drop-reason.ts'
import type { EpochKeys } from '../../shared/epoch-keys.ts'
import type { LogRecord } from '../../shared/eventlog/port.ts'
import type { Metrics } from '../../shared/metrics.ts'
import { dayMs } from '../../shared/window.ts'
import { decode, type OpenedRecord } from './decode.ts'
import { Folder } from './fold-into-catalogue.ts'
import { honourChoices } from './honour-choices.ts'
import type { IdMemory } from './id-memory.ts'
import type { ImportDays } from './import-days.ts'
import type { KnownValues } from './known-values.ts'
import { type Locate, locateNowhere } from './locate.ts'
import { type PipelineTools, runRecord } from './pipeline.ts'
import { isImport, placedTime } from './place-in-time.ts'
import { createPseudonymiser, type Pseudonymiser } from './pseudonymise.ts'
import type { Quarantine } from './quarantine.ts'
import { Rollup } from './roll-up.ts'
import { type Block, blockOf, type Stretch } from './store.ts'
import type { Timing } from './timing.ts'

/** The longest the event loop is held by a batch before others get a turn. */
const sliceMs = 10

export interface BatchTools {
  readonly catalogue: Catalogue
  readonly ids: IdMemory
  readonly epochKeys: EpochKeys
  readonly knownValues: KnownValues
  readonly quarantine: Quarantine
  readonly importDays: ImportDays
  readonly locate: Locate
  readonly metrics: Metrics
  readonly timing: Timing
  /** Whose records are left out. */
  readonly leftOut: LeftOut
  /** Units whose keyed hashes are kept from one batch to the next. */
  readonly cachedUnitsMax?: number | undefined
  /** Added to, by outcome, for every imported line. */
  readonly importTally: { counted: number; duplicate: number; late: number; bot: number }
}

export interface BatchResult {
  readonly block: Block
  /** Counts the batch in the metrics, once, when it is stored. Returns how many events were counted. */
  tell(): number
}

/** Runs batches of one partition. */
export class BatchRunner {
  readonly #tools: BatchTools
  readonly #pseudonymiser: Pseudonymiser
  readonly #folder: Folder
  /** Of the batch that was run last. */
  #opened: readonly OpenedRecord[] = []
  #choicesVersion = 0

  constructor(tools: BatchTools) {
    this.#tools = tools
    this.#pseudonymiser = createPseudonymiser(tools.epochKeys, tools.cachedUnitsMax)
    this.#folder = new Folder(tools.catalogue, tools.knownValues, tools.locate !== locateNowhere)
  }

  /**
   * @param isStored its cells are in the table, with what they left in memory, which is not to be changed any more
   * @throws TooManyCellsError when the records must be fewer
   */
  async run(records: readonly LogRecord[], stretch: Stretch, isStored = false): Promise<BatchResult> {
    const { catalogue, ids, epochKeys, quarantine, locate, metrics, knownValues, timing } = this.#tools
    ids.begin()
    quarantine.begin()
    const rollup = new Rollup(catalogue.measures)
    const tally = new Map<DropReason, number>()
    const imported = { counted: 0, duplicate: 0, late: 0, bot: 0 }
    const onDrop: PipelineTools['onDrop'] = (drop, { position, appendedAt, route }, index) => {
      if (isImport({ route }) && drop.reason in imported) imported[drop.reason as keyof typeof imported]++
      tally.set(drop.reason, (tally.get(drop.reason) ?? 0) + 1)
      if (!dropReasons[drop.reason].intended) quarantine.add(drop, { position, index, appendedAt })
    }
    let clamped = 0
    const onClamp = () => {
      clamped++
    }
    const withheld = new Map<ConfidentialKind, number>()
    const onWithheld = (kind: ConfidentialKind) => void withheld.set(kind, (withheld.get(kind) ?? 0) + 1)
    const tools: PipelineTools = {
      catalogue,
      ids,
      epochKeys,
      locate,
      pseudonymiser: this.#pseudonymiser,
      folder: this.#folder,
      rollup,
      onClamp,
      onWithheld,
      onDrop,
    }
    this.#choicesVersion = this.#tools.leftOut.version
    const opened: OpenedRecord[] = []
    for (const record of records) {
      const one = decode(record, catalogue)
      if (one instanceof Drop) onDrop(one, { ...unknownSender, ...record }, 0)
      else if (!honourChoices(one, this.#tools.leftOut, onDrop)) opened.push(one)
    }
    this.#opened = opened
    await this.#prepare(opened)
    let sliceEnd = timing.elapsedMs() + sliceMs
    for (const record of opened) {
      const counted = runRecord(record, tools)
      if (isImport(record.sender)) imported.counted += counted
      if (timing.elapsedMs() < sliceEnd) continue
      await timing.turn()
      sliceEnd = timing.elapsedMs() + sliceMs
    }
    const firstAppendedAt = records[0]?.appendedAt ?? 0
    const block = blockOf(catalogue, rollup.cells(firstAppendedAt), stretch)
    // All of this before the cells are stored: a batch that is in the table has left its memory.
    await ids.save(stretch.from, firstAppendedAt, isStored)
    await knownValues.save()
    await quarantine.save(stretch.from)
    const tell = () => {
      for (const [reason, events] of tally)
        metrics.dropped.inc({ reason, intended: String(dropReasons[reason].intended) }, events)
      metrics.clamped.inc(clamped)
      for (const [kind, values] of withheld) metrics.confidentialValues.inc({ kind }, values)
      for (const outcome of Object.keys(imported) as (keyof typeof imported)[])
        this.#tools.importTally[outcome] += imported[outcome]
      metrics.counted.inc(rollup.events)
      return rollup.events
    }
    return { block, tell }
  }

  /**
   * Whether somebody in the batch that was run last has chosen since not to be in it: then it is to be run again, and not
   * stored. To be asked right before it is stored. @throws ChoiceLogUnavailableError
   */
  async isOutdated(): Promise<boolean> {
    const { leftOut } = this.#tools
    await leftOut.catchUp()
    if (leftOut.version === this.#choicesVersion) return false
    return this.#opened.some(({ sender }) => leftOut.why(sender) !== undefined)
  }

  /** Keys for every day that an event of the batch falls into, so that the steps themselves need not wait. */
  async #prepare(opened: readonly OpenedRecord[]): Promise<void> {
    const { ids, epochKeys } = this.#tools
    const days = new Set<number>()
    const appendDays = new Set<number>()
    const imported: [time: number, appendedAt: number][] = []
    let lastDay = Number.NaN
    for (const { sender, times } of opened) {
      appendDays.add(Math.floor(sender.appendedAt / dayMs))
      for (const sent of times) {
        const time = typeof sent === 'number' ? placedTime(sent, sender) : undefined
        if (time === undefined || !Number.isFinite(time)) continue
        const day = Math.floor(time / dayMs)
        if (day !== lastDay) days.add(day)
        lastDay = day
        if (isImport(sender)) imported.push([time, sender.appendedAt])
      }
    }
    for (const day of appendDays) await ids.prepare(day * dayMs)
    ids.fingerprint(opened)
    await this.#keepOpen(imported)
    for (const day of days) await epochKeys.prepare(day * dayMs)
  }

  /**
   * That lines of a day are being imported is written down before the day's key is made: a key without that word is one
   * of a day long over, and would be closed at the next look.
   */
  async #keepOpen(imported: readonly (readonly [time: number, appendedAt: number])[]): Promise<void> {
    const { epochKeys, importDays } = this.#tools
    const refused = new Map<number, boolean>()
    for (const [time, appendedAt] of imported) {
      const day = Math.floor(time / dayMs)
      if (!refused.has(day)) refused.set(day, await epochKeys.isRefused(time))
      if (!refused.get(day)) importDays.appended(time, appendedAt)
    }
    await importDays.save()
  }
}

const unknownSender = {
  receivedAt: 0,
  route: 'node',
  ip: '',
  userAgent: '',
  unit: { kind: 'address', id: '' },
} as const
