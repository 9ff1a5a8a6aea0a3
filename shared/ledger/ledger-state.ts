/**
 * The ledger folded up. A state never changes: folding entries in gives another one, which shares what they do not touch.
 * What partners read is not kept here, so the size goes with days, datasets and partners.
 */
import { type Fraction, zero } from '../fraction.ts'
import { brokenLedger, emptyHead } from './chain.ts'
import type { Hold, LedgerEntry, LedgerHead, LedgerState, Partner, PolicyVersion, ReleaseState } from './port.ts'
import { holdsAfterPlacing, holdsAfterRelease, policyOf } from './subject-transitions.ts'
import { type DayState, dayAfter, isSha256, isText, partnerOf, requireForm, TransitionError } from './transitions.ts'

interface Parts {
  readonly head: LedgerHead
  readonly days: ReadonlyMap<string, DayState>
  /** By id, in the order in which they were added. */
  readonly partners: ReadonlyMap<string, Partner>
  /** Id by the SHA-256 of the key. */
  readonly keys: ReadonlyMap<string, string>
  readonly holds: readonly Hold[]
  readonly policies: readonly PolicyVersion[]
  readonly deletions: ReadonlyMap<string, true>
}

export class FoldedLedger implements LedgerState {
  static readonly empty = new FoldedLedger({
    head: emptyHead,
    days: new Map(),
    partners: new Map(),
    keys: new Map(),
    holds: [],
    policies: [],
    deletions: new Map(),
  })

  readonly #parts: Parts
  #releases: readonly ReleaseState[] | undefined
  #partners: readonly Partner[] | undefined

  private constructor(parts: Parts) {
    this.#parts = parts
  }

  get head(): LedgerHead {
    return this.#parts.head
  }

  release(day: string, dataset: string): ReleaseState | undefined {
    return this.#parts.days.get(day)?.releases.get(dataset)
  }

  releases(): readonly ReleaseState[] {
    this.#releases ??= Object.freeze(
      [...this.#parts.days]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([, { releases }]) => [...releases.values()].sort((a, b) => (a.dataset < b.dataset ? -1 : 1))),
    )
    return this.#releases
  }

  spent(day: string): Fraction {
    return this.#parts.days.get(day)?.spent ?? zero
  }

  isUnsealed(day: string): boolean {
    return this.#parts.days.get(day)?.unsealed ?? false
  }

  partners(): readonly Partner[] {
    this.#partners ??= Object.freeze([...this.#parts.partners.values()])
    return this.#partners
  }

  partnerOfKey(keySha256: string): Partner | undefined {
    const id = this.#parts.keys.get(keySha256)
    return id === undefined ? undefined : this.#parts.partners.get(id)
  }

  holds(): readonly Hold[] {
    return this.#parts.holds
  }

  policies(): readonly PolicyVersion[] {
    return this.#parts.policies
  }

  hasDeletion(deletion: string): boolean {
    return this.#parts.deletions.has(deletion)
  }

  /**
   * What holds after entries whose chain has been verified.
   * @throws LedgerBrokenError when one breaks a transition
   */
  fold(entries: Iterable<LedgerEntry>): FoldedLedger {
    const folding = new Folding(this.#parts)
    for (const entry of entries) {
      try {
        folding.add(entry)
      } catch (error) {
        if (!(error instanceof TransitionError)) throw error
        throw brokenLedger(`entry ${entry.seq} cannot follow: ${error.message}`)
      }
    }
    return new FoldedLedger(folding)
  }

  /**
   * The same for entries that are not written yet.
   * @throws TransitionError
   */
  foldNew(entries: Iterable<LedgerEntry>): FoldedLedger {
    const folding = new Folding(this.#parts)
    for (const entry of entries) folding.add(entry)
    return new FoldedLedger(folding)
  }
}

/** A fold at work: each map is copied once, before the first change to it. */
class Folding implements Parts {
  readonly #before: Parts
  head: LedgerHead
  days: Map<string, DayState> | ReadonlyMap<string, DayState>
  partners: ReadonlyMap<string, Partner>
  keys: ReadonlyMap<string, string>
  holds: readonly Hold[]
  policies: readonly PolicyVersion[]
  deletions: ReadonlyMap<string, true>

  constructor(before: Parts) {
    this.#before = before
    this.head = before.head
    this.days = before.days
    this.partners = before.partners
    this.keys = before.keys
    this.holds = before.holds
    this.policies = before.policies
    this.deletions = before.deletions
  }

  add(entry: LedgerEntry): void {
    this.#apply(entry)
    this.head = Object.freeze({ seq: entry.seq, hash: entry.hash })
  }

  #apply({ seq, at, event }: LedgerEntry): void {
    requireForm((event.kind === 'ledger.begun') === (seq === 0), 'a ledger begins with `ledger.begun`, once')
    switch (event.kind) {
      case 'ledger.begun':
        return
      case 'budget.reserved':
      case 'release.sealed':
      case 'release.published':
      case 'day.unsealed': {
        const after = dayAfter(this.days.get(event.day), event, at)
        this.days = this.#mine(this.days, this.#before.days).set(event.day, after)
        return
      }
      case 'partner.added': {
        const partner = partnerOf({ at, event })
        requireForm(!this.partners.has(partner.partner), `${partner.partner} was added before`)
        requireForm(!this.keys.has(partner.keySha256), `the key of ${partner.partner} is another's`)
        this.partners = this.#mine(this.partners, this.#before.partners).set(partner.partner, partner)
        this.keys = this.#mine(this.keys, this.#before.keys).set(partner.keySha256, partner.partner)
        return
      }
      case 'partner.revoked': {
        const partner = this.partners.get(event.partner)
        requireForm(partner !== undefined, `${event.partner} was never added`)
        requireForm(partner.revokedAt === undefined, `${event.partner} was revoked before`)
        const revoked = Object.freeze({ ...partner, revokedAt: at })
        this.partners = this.#mine(this.partners, this.#before.partners).set(event.partner, revoked)
        return
      }
      case 'partner.read':
        requireForm(this.partners.has(event.partner), `${event.partner} was never added`)
        return
      case 'subject.deleted':
        requireForm(/^[0-9a-f]{16}$/.test(event.deletion), 'the deletion has no id')
        requireForm(!this.deletions.has(event.deletion), `the deletion ${event.deletion} was entered before`)
        this.deletions = this.#mine(this.deletions, this.#before.deletions).set(event.deletion, true)
        return
      case 'subject.served':
        requireForm(isText(event.case), 'an operator needs a case id')
        return
      case 'hold.placed':
        this.holds = holdsAfterPlacing(this.holds, event, at)
        return
      case 'hold.released':
        this.holds = holdsAfterRelease(this.holds, event, at)
        return
      case 'policy.adopted':
        this.policies = Object.freeze([...this.policies, policyOf(this.policies, event, at)])
        return
      case 'transfer.exported':
      case 'transfer.restored':
        requireForm(isSha256(event.sha256), 'the transfer has no SHA-256')
        return
      default:
        throw new TransitionError(`"${(event as { kind: string }).kind}" is no event that this version knows`)
    }
  }

  #mine<Value>(now: ReadonlyMap<string, Value>, before: ReadonlyMap<string, Value>): Map<string, Value> {
    return now === before ? new Map(before) : (now as Map<string, Value>)
  }
}
