/**
 * The ledger: one append-only, hash-chained list of what was spent of the privacy budget, what was released, who may
 * read it and who did. Its authority is the warehouse, where it is kept for good; the key-value store only decides who
 * appends next.
 *
 * Guarantees, on every pair of key-value store and warehouse, that test/contract/ledger.ts checks:
 * - **Atomic decisions.** `append` calls `decide` with the state at the head, and its entries are appended only if the
 *   head has not moved meanwhile; else `decide` is called again with the newer state. Of any number of processes that
 *   reserve the same budget at once, one does.
 * - **Durable.** When `append` resolves, its entries are in the warehouse and survive a crash of the process and of the
 *   machine, and the loss of the key-value store. If it rejects, they may or may not be there; whoever asks again sees.
 * - **Chained.** `hash` of an entry is SHA-256 over its canonical text, which has the hash of the entry before it.
 * - **Fails closed.** When the chain does not verify, two entries have one number, or a store is away, every append
 *   rejects (`LedgerBrokenError`, or the store's own error): nothing is drawn and nothing is handed out.
 */
import type { Fraction } from '../fraction.ts'

/** What happened; a closed list. Days are `YYYY-MM-DD` in UTC, fractions text as `formatFraction` makes it. */
export type LedgerEvent =
  | { kind: 'ledger.begun' /** Random, so that two ledgers never have the same hashes. */; id: string }
  /** ρ and δ are spent from here on, whether or not anything is ever published. */
  | { kind: 'budget.reserved'; day: string; dataset: string; specification: string; rho: string; delta: string }
  /** Noise was drawn and the bytes are frozen: `sha256` is that of the manifest. No partner can read it yet. */
  | { kind: 'release.sealed'; day: string; dataset: string; sha256: string; rows: number; publishAt: string }
  | { kind: 'release.published'; day: string; dataset: string; sha256: string }
  /** The day's key was destroyed without a release, which can never be made any more. */
  | { kind: 'day.unsealed'; day: string; why: string }
  | {
      kind: 'partner.added'
      partner: string
      name: string
      /** Lower-case hex SHA-256 of the key (256 random bits; nothing slower is needed). */
      keySha256: string
      datasets: string[]
      purpose: string
      /** RFC 3339; from then on the key is no key any more. */
      until: string
    }
  | { kind: 'partner.revoked'; partner: string }
  /** A partner was answered with data of a release (a file, or the list of what there is). */
  | {
      kind: 'partner.read'
      partner: string
      what: 'list' | 'manifest' | 'file' | 'link' | 'delta'
      dataset?: string
      day?: string
      format?: string
      sha256?: string
    }
  /** Raw records of somebody are cut out of everything yet to come. Who: not here, nor anywhere else. */
  | {
      kind: 'subject.deleted'
      /** Id of the choice. */
      deletion: string
      by: 'sender' | 'owner' | 'operator' | 'child'
      case?: string
    }
  /** An operator looked up, or changed, what is held under somebody's identifier. */
  | { kind: 'subject.served'; case: string; what: 'access' | 'choice' | 'history-removed' }
  /** Nothing that the hold covers expires until it is released. */
  | {
      kind: 'hold.placed'
      case: string
      why: string
      /** `raw` only where an order says so explicitly. */
      covers: ('aggregates' | 'ledger' | 'raw')[]
      /** RFC 3339; of a hold of raw records, which ends by itself. */
      until?: string
      /** What demands that raw records are held. */
      order?: string
    }
  | { kind: 'hold.released'; case: string; why: string }
  /** From here on this is the policy that senders are told; once more where only the minimum has changed. */
  | { kind: 'policy.adopted'; version: string; sha256: string; minimum: string; notice: string }
  /** Aggregates, releases and ledger left for, or came from, another installation. */
  | { kind: 'transfer.exported'; sha256: string; to: string; case: string }
  | { kind: 'transfer.restored'; sha256: string; from: string }

export interface LedgerEntry {
  /** 0, 1, 2, … without gaps. */
  readonly seq: number
  /** RFC 3339 with milliseconds, UTC. */
  readonly at: string
  readonly event: LedgerEvent
  /** Hash of the entry before; 64 zeros for the first. Lower-case hex. */
  readonly previous: string
  readonly hash: string
}

export interface LedgerHead {
  /** -1 for an empty ledger. */
  readonly seq: number
  readonly hash: string
}

export interface ReleaseState {
  readonly day: string
  readonly dataset: string
  readonly state: 'RESERVED' | 'SEALED' | 'PUBLISHED'
  readonly specification: string
  readonly rho: Fraction
  readonly delta: Fraction
  /** From SEALED on: of the manifest. */
  readonly sha256?: string
  readonly rows?: number
  /** From SEALED on: RFC 3339; when it may be published. */
  readonly publishAt?: string
  /** From PUBLISHED on: RFC 3339. */
  readonly publishedAt?: string
}

export interface Partner {
  readonly partner: string
  readonly name: string
  readonly keySha256: string
  readonly datasets: readonly string[]
  readonly purpose: string
  readonly until: string
  readonly addedAt: string
  readonly revokedAt?: string
}

export interface Hold {
  readonly case: string
  readonly why: string
  readonly covers: readonly ('aggregates' | 'ledger' | 'raw')[]
  readonly placedAt: string
  readonly until?: string
  readonly order?: string
  readonly releasedAt?: string
}

export interface PolicyVersion {
  readonly version: string
  /** Lower-case hex, of the policy's text. */
  readonly sha256: string
  /** The oldest version that senders may have agreed to; `0`: any. */
  readonly minimum: string
  readonly notice: string
  readonly adoptedAt: string
}

/** The ledger folded up: what holds after the entry at `head`. */
export interface LedgerState {
  readonly head: LedgerHead
  release(day: string, dataset: string): ReleaseState | undefined
  /** All of them, by day, then dataset. */
  releases(): readonly ReleaseState[]
  /** Σρ of everything reserved for that day. */
  spent(day: string): Fraction
  isUnsealed(day: string): boolean
  /** All partners ever added, in the order in which they were. */
  partners(): readonly Partner[]
  partnerOfKey(keySha256: string): Partner | undefined
  /** All holds ever placed, in that order; one that was released may be placed again, as another. */
  holds(): readonly Hold[]
  /** Oldest first; the last one is in force. */
  policies(): readonly PolicyVersion[]
  /** Whether the deletion of that id has its entry. */
  hasDeletion(deletion: string): boolean
}

export interface Ledger {
  /** The newest state there is; looks at the stores each time, cheaply when nothing has changed. */
  state(): Promise<LedgerState>
  /**
   * Appends what `decide` says, as one: all of its events or none. `decide` must be pure (it may be called several
   * times); what it throws is rethrown and nothing is appended.
   */
  append<Result>(decide: (state: LedgerState) => { events: readonly LedgerEvent[]; result: Result }): Promise<Result>
  /** Entries with `from` <= seq < `before`, in order, read in portions. */
  entries(from?: number, before?: number): AsyncIterable<LedgerEntry>
}

/** The chain does not verify, or has two entries of one number. Somebody has to look (`headcount ledger verify`). */
export class LedgerBrokenError extends Error {
  override readonly name = 'LedgerBrokenError'
}
