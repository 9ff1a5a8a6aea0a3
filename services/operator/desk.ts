/**
 * What operators' commands ask of an installation. Two implementations: the running one's own (local-desk.ts), and the
 * same over HTTP for a command beside a running `npm start` (remote-desk.ts).
 */

import type { Hold, Partner } from '../../shared/ledger/port.ts'
import type { LedgerVerdict } from '../../shared/ledger/verify-ledger.ts'
import type { EpochName } from '../../shared/window.ts'
import type { AccessLogFormat } from '../importer/access-log-line.ts'
import type { LinesAppended } from '../importer/import-lines.ts'
import type { NumberedLine } from '../importer/numbered-lines.ts'
import type { PartnerWish } from '../partners/partner-registry.ts'
import type { Role } from '../reporting/dashboard/sessions.ts'
import type { KeptNow } from '../retention/kept-now.ts'
import type { HoldWish } from './holds.ts'
import type { ReleaseAnswer } from './release-requests.ts'
import type { SubjectActs } from './subject-desk.ts'

/** What became of imported lines since the worker started, by outcome. */
export interface ImportTally {
  counted: number
  /** Known from an earlier import. */
  duplicate: number
  /** Their day, week or month has closed. */
  late: number
  bot: number
}

/** A living epoch key; times in RFC 3339. Never the key itself. */
export interface EpochKeyInfo {
  epoch: EpochName
  madeAt: string
  /** When it will be destroyed, if everything is counted by then. */
  closesAt: string
  /** When it will be destroyed in any case. */
  deadline: string
}

export interface Desk extends SubjectActs {
  /** Appends lines durably. */
  append(lines: readonly NumberedLine[], format: AccessLogFormat, keepBots: boolean): Promise<LinesAppended>
  /** Whether every record up to these positions (by partition) is in the tables, and the tally so far. */
  progress(positions: Record<string, number>): Promise<{ done: boolean; tally: ImportTally }>
  keys(): Promise<EpochKeyInfo[]>
  /** Closes an epoch now: its windows become final, its key is destroyed, later events of it are late. */
  close(epoch: EpochName): Promise<void>
  /** Asks for a day's release and says how it is; to be asked again until it is published or refused. */
  release(day: string, unfinished: boolean): Promise<ReleaseAnswer>
  /** Registers a partner; its key is given this once. */
  addPartner(wish: PartnerWish): Promise<{ partner: string; key: string; until: string }>
  /** From now on its key is none, in every process. */
  revokePartner(partner: string): Promise<void>
  partners(): Promise<Partner[]>
  /** Walks the whole ledger. @param keptHead what somebody else kept of it, `<seq>:<hash>` */
  verifyLedger(keptHead?: string): Promise<LedgerVerdict>
  /** The secret of a link that signs in to the dashboard once. */
  signIn(role: Role): Promise<string>
  /** Events that should not have been lost: reason, shape without values, how many. */
  quarantine(): Promise<{ reason: string; shape: string; events: number }[]>
  /** What is kept at this moment, by kind. */
  retention(): Promise<KeptNow[]>
  /** From its resolving on this installation's upkeep heeds it. */
  placeHold(wish: HoldWish): Promise<Hold>
  /** What it kept beyond its time goes at the next upkeep. */
  releaseHold(caseId: string, why: string): Promise<void>
  /** All that were ever placed, in that order; those that are over have `releasedAt`. */
  holds(): Promise<Hold[]>
}
