/** Walks the whole ledger and says everything that is wrong with it, for `headcount ledger verify`. */
import { compare, type Fraction, formatFraction } from '../fraction.ts'
import { chainProblem, emptyHead } from './chain.ts'
import { FoldedLedger } from './ledger-state.ts'
import { type Ledger, LedgerBrokenError, type LedgerEntry, type LedgerHead } from './port.ts'
import { TransitionError } from './transitions.ts'

export interface LedgerVerdict {
  /** How many were read. */
  readonly entries: number
  readonly head: LedgerHead
  /** None: the chain is whole. At most `problemsMax`, then how many more there are. */
  readonly problems: readonly string[]
}

export interface VerifyOptions {
  /** Σρ that a day may cost, by the catalogue. */
  readonly budgetRho: Fraction
  /** `<seq>:<hash>`, kept elsewhere: a ledger that was written anew from the beginning verifies, but has not this. */
  readonly keptHead?: string
}

const problemsMax = 100

/** Reads in portions; what it holds is the fold. Entries that are appended meanwhile are walked too. */
export async function verifyLedger(
  ledger: Pick<Ledger, 'entries' | 'state'>,
  { budgetRho, keptHead }: VerifyOptions,
): Promise<LedgerVerdict> {
  const walk = new Walk(budgetRho, keptHead)
  for await (const entry of ledger.entries()) walk.add(entry)
  walk.end()
  // Where the key-value store's head stands to it.
  const state = await ledger.state().catch((error) => {
    if (!(error instanceof LedgerBrokenError)) throw error
    walk.note(error.message)
  })
  if (state && state.head.seq < walk.head.seq)
    walk.note(`entries after ${state.head.seq} were gone when the walk had ended`)
  return walk.verdict()
}

class Walk {
  readonly #budgetRho: Fraction
  readonly #kept: LedgerHead | undefined
  #foundKept = false
  head: LedgerHead = emptyHead
  #state = FoldedLedger.empty
  #entries = 0
  readonly #problems: string[] = []
  #more = 0

  constructor(budgetRho: Fraction, keptHead: string | undefined) {
    this.#budgetRho = budgetRho
    this.#kept = keptHead === undefined ? undefined : parseHead(keptHead)
    if (keptHead !== undefined && !this.#kept)
      this.note(`the head that was kept cannot be read: give it as <number>:<64 hexadecimal digits>`)
  }

  add(entry: LedgerEntry): void {
    this.#entries++
    const problem = chainProblem(this.head, entry)
    if (problem !== undefined) this.note(problem)
    // Goes on from what the entry says of itself, so that one fault is told once.
    if (entry.seq > this.head.seq) this.head = { seq: entry.seq, hash: entry.hash }
    if (entry.seq === this.#kept?.seq && entry.hash === this.#kept.hash) this.#foundKept = true
    this.#transition(entry)
  }

  end(): void {
    const { seq, hash } = this.#kept ?? {}
    if (seq === undefined || this.#foundKept) return
    this.note(
      seq > this.head.seq
        ? `entry ${seq} of the head that was kept is missing: the ledger ends with ${this.head.seq}`
        : `entry ${seq} does not have the hash ${hash} that was kept: what was in the ledger then has been replaced`,
    )
  }

  note(problem: string): void {
    if (this.#problems.length < problemsMax) this.#problems.push(problem)
    else this.#more++
  }

  verdict(): LedgerVerdict {
    const problems = this.#more > 0 ? [...this.#problems, `and ${this.#more} more`] : this.#problems
    return { entries: this.#entries, head: this.head, problems }
  }

  #transition(entry: LedgerEntry): void {
    try {
      this.#state = this.#state.foldNew([entry])
    } catch (error) {
      if (!(error instanceof TransitionError)) throw error
      this.note(`entry ${entry.seq} cannot follow: ${error.message}`)
      return
    }
    if (entry.event.kind !== 'budget.reserved') return
    const { day } = entry.event
    const spent = this.#state.spent(day)
    if (compare(spent, this.#budgetRho) > 0)
      this.note(
        `with entry ${entry.seq} ${day} costs ρ ${formatFraction(spent)}, more than the ${formatFraction(this.#budgetRho)} that the catalogue allows now`,
      )
  }
}

function parseHead(text: string): LedgerHead | undefined {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim().toLowerCase()) ?? []
  return seq === undefined || hash === undefined ? undefined : { seq: Number(seq), hash }
}
