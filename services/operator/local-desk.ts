/**
 * The desk of an installation whose event log and key-value store this process has open. The worker may run in this
 * process or in others: what it knows of them is what they tell through the key-value store.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { releasedDatasets } from '../../shared/catalogue.ts'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import { EpochKeys } from '../../shared/epoch-keys.ts'
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { Ledger } from '../../shared/ledger/port.ts'
import { verifyLedger } from '../../shared/ledger/verify-ledger.ts'
import { rfc3339 } from '../../shared/rfc3339.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import type { EpochName } from '../../shared/window.ts'
import type { AccessLogFormat } from '../importer/access-log-line.ts'
import { type ImportDeps, LineImporter } from '../importer/import-lines.ts'
import type { NumberedLine } from '../importer/numbered-lines.ts'
import { addPartner, type PartnerWish, revokePartner } from '../partners/partner-registry.ts'
import type { Role } from '../reporting/dashboard/sessions.ts'
import { makeSignIn } from '../reporting/dashboard/sign-in-links.ts'
import { lookAtRetention } from '../retention/look-at-retention.ts'
import { ForeseenError } from '../start-failure.ts'
import { epochTimes } from '../worker/close-epochs.ts'
import { announceClosing } from '../worker/closing.ts'
import { readQuarantine } from '../worker/quarantine.ts'
import { readSeal } from '../worker/seal/seal-requests.ts'
import { addTallies, allProgress } from '../worker/shared-progress.ts'
import type { Desk } from './desk.ts'
import { type HoldWish, placeHold, releaseHold } from './holds.ts'
import { ReleaseRequests } from './release-requests.ts'
import type { SubjectDesk, SubjectWish } from './subject-desk.ts'

const pollMs = 100

export interface LocalDeskDeps extends ImportDeps {
  readonly keyValue: KeyValue
  readonly ledger: Ledger
  readonly warehouse: Warehouse
  /** Without: what they are is not looked at. */
  readonly choices?: ChoiceBook
  /** Without: nothing can be done about anybody. */
  readonly subjects?: SubjectDesk
  /** Whose scratch files are looked at. */
  readonly dataDir: string
  /** Whether this installation's log is its own to keep records in; Kafka's is not. */
  readonly mayHoldRaw: boolean
  /** Makes the workers of this process tell how far they are, and heed what was announced. Others do each second. */
  readonly nudge: () => Promise<void>
}

export class LocalDesk implements Desk {
  readonly #deps: LocalDeskDeps
  readonly #importer: LineImporter
  readonly #epochKeys: EpochKeys
  readonly #releases: ReleaseRequests

  constructor(deps: LocalDeskDeps) {
    this.#deps = deps
    this.#releases = new ReleaseRequests(deps)
    this.#importer = new LineImporter(deps)
    this.#epochKeys = new EpochKeys(deps.keyValue.secrets)
  }

  append(lines: readonly NumberedLine[], format: AccessLogFormat, keepBots: boolean) {
    return this.#importer.append(lines, format, keepBots)
  }

  async progress(positions: Record<string, number>) {
    const { nudge, keyValue, log } = this.#deps
    await nudge()
    const told = await allProgress(keyValue, log.logId)
    const reached = new Map(told.map(({ partition, position }) => [String(partition), position]))
    const done = Object.entries(positions).every(([partition, position]) => (reached.get(partition) ?? 0) > position)
    return { done, tally: addTallies(told.map(({ tally }) => tally)) }
  }

  async keys() {
    const keys = await epochTimes({ epochKeys: this.#epochKeys, keyValue: this.#deps.keyValue })
    return keys.map(({ name, createdAt, closesAt, deadline }) => ({
      epoch: name,
      madeAt: rfc3339(createdAt),
      closesAt: rfc3339(closesAt),
      deadline: rfc3339(deadline),
    }))
  }

  async close(name: EpochName) {
    const { keyValue, clock, nudge } = this.#deps
    await announceClosing(keyValue, { name, overdue: false }, clock.now())
    for (;;) {
      await nudge()
      if (await this.#epochKeys.isClosed(name)) return
      const seal = await readSeal(keyValue, name.slice('day:'.length))
      if (seal?.state === 'refused')
        throw new ForeseenError(`${name} stays open, as it cannot be sealed for release: ${seal.why}`)
      await sleep(pollMs)
    }
  }

  release(day: string, unfinished: boolean) {
    return this.#releases.ask(day, unfinished)
  }

  addPartner(wish: PartnerWish) {
    const { ledger, clock, catalogue } = this.#deps
    return addPartner(ledger, clock, wish, new Set(releasedDatasets(catalogue).map(({ id }) => id)))
  }

  revokePartner(partner: string) {
    return revokePartner(this.#deps.ledger, partner)
  }

  async partners() {
    return [...(await this.#deps.ledger.state()).partners()]
  }

  verifyLedger(keptHead?: string) {
    const { ledger, catalogue } = this.#deps
    return verifyLedger(ledger, { budgetRho: catalogue.releases.rho, ...(keptHead !== undefined && { keptHead }) })
  }

  signIn(role: Role) {
    return makeSignIn(this.#deps.keyValue, role)
  }

  quarantine() {
    return readQuarantine(this.#deps.keyValue)
  }

  retention() {
    const { choices, ...tools } = this.#deps
    return lookAtRetention({ ...tools, ...(choices && { choices: choices.log }) })
  }

  async placeHold(wish: HoldWish) {
    const hold = await placeHold(this.#deps, wish)
    // What was being removed when it was placed is done with after this. An upkeep that fails removes nothing.
    await this.#deps.nudge().catch(() => undefined)
    return hold
  }

  releaseHold(caseId: string, why: string) {
    return releaseHold(this.#deps, caseId, why)
  }

  async holds() {
    return [...(await this.#deps.ledger.state()).holds()]
  }

  async forget(wish: SubjectWish) {
    const forgotten = await this.#subjects().forget(wish)
    // The upkeep enters it in the ledger; if it fails now, later.
    await this.#deps.nudge().catch(() => undefined)
    return forgotten
  }

  async choose(wish: SubjectWish) {
    return this.#subjects().choose(wish)
  }

  async access(wish: SubjectWish) {
    return this.#subjects().access(wish)
  }

  #subjects(): SubjectDesk {
    const { subjects } = this.#deps
    if (subjects) return subjects
    throw new ForeseenError(
      'Nobody can be found without the secret that choices are kept under: set HEADCOUNT_CHOICE_KEY (or, where none is set, HEADCOUNT_ADMIN_TOKEN) to what the collectors have.',
    )
  }
}
