/**
 * Choices: who does not want to be counted, and whose raw records are to be left out from now on. They are kept by a
 * keyed hash of the identifier, in a log of their own beside the event log (a file, or a compacted topic of Kafka), and
 * every collector and worker has them folded up in memory.
 *
 * Guarantees every adapter gives, and that test/contract/choice-log.ts checks:
 * - **Durable.** When `append` resolves, the entry survives a crash of the process and of the machine, and the loss of the
 *   key-value store; and the fold of this process has it.
 * - **Everywhere at once.** When `catchUp` resolves, the fold has every entry whose `append` had resolved, in whichever
 *   process, before `catchUp` was called. Without being asked, a fold has an entry within a second.
 * - **One order.** Every fold takes the entries in the same order. `at` is the log's clock and does not decrease.
 * - **Nothing is undone unseen.** An opt-in undoes an opt-out only if this process's fold had it when `append` was called:
 *   whoever looked whether the proof is strong enough, looked at that one. Any other stays in force, whatever the order.
 * - **One key.** A log that was begun under another choice key is refused (`ChoiceKeyError`): its subjects would all be
 *   unknown, and everybody who had opted out would be counted.
 * - **Removed means removed.** What `remove` was called for is in no later fold, and, after the log's next compaction
 *   (embedded: before `remove` resolves), in none of its files.
 */

/** What a choice can be made for. A sender without an identifier has GPC, DNT and a cookie without a value of its own. */
export type SubjectKind = 'device' | 'cookie' | 'cluster'

/** 32 lower-case hex digits: 16 bytes of HMAC-SHA256 under the choice key. */
export type Subject = string

/**
 * - `opt-out`: nothing of the subject is counted any more, whenever it was sent.
 * - `opt-in`: after an opt-out, what is sent from now on is counted again; else it only says that somebody agreed.
 * - `deletion`: what was received until now is left out of everything that is yet to be counted or released.
 */
export type ChoiceAct = 'opt-out' | 'opt-in' | 'deletion'

/**
 * What shows that the subject may speak for itself, from weak to strong: `sender` has the write key, which all senders
 * have; `owner` has the cookie itself or the node's own key; `operator` has a case id. `child`: an event said that it
 * comes from somebody under 13.
 */
export type ChoiceProof = 'sender' | 'owner' | 'operator' | 'child'

export interface NewChoice {
  readonly subject: Subject
  readonly act: ChoiceAct
  readonly by: ChoiceProof
  /** Version of the policy under which it was made. */
  readonly policy: string
  /** Of an operator. */
  readonly case?: string
}

export interface Choice extends NewChoice {
  /** Random, 16 hex digits; what the disclosure ledger has of a deletion. */
  readonly id: string
  /** By the log's clock; ms since the Unix epoch. */
  readonly at: number
  /** Of an opt-in: the ids of the opt-outs that were in force where it was asked for; it undoes no other. */
  readonly undoes?: readonly string[]
}

/** The log folded up, read at once. */
export interface Choices {
  /** Subjects of which something is known. Where it is 0, nothing need be hashed. */
  readonly size: number
  /** Grows with every entry by which less is counted: a batch that was begun at another one has to look again. */
  readonly version: number
  /**
   * Only what was received and appended after this is counted; ms since the Unix epoch. -Infinity when nothing
   * was ever chosen, Infinity after an opt-out.
   */
  countedFrom(subject: Subject): number
  /** Newest last; at most `historyMax`. */
  history(subject: Subject): readonly Choice[]
  /** Every choice there is, in the log's order. */
  all(): Iterable<Choice>
}

/** The older ones of a subject go. */
export const historyMax = 32

export interface ChoiceLog {
  readonly choices: Choices
  /** @throws ChoiceLogUnavailableError, and then nothing is known of whether it was kept */
  append(choice: NewChoice): Promise<Choice>
  /** Removes entries by id: a subject's history, or deletions whose records have all expired. */
  remove(entries: readonly Choice[]): Promise<void>
  /** @throws ChoiceLogUnavailableError */
  catchUp(): Promise<void>
  /** `ok`, or why the fold may be behind; before the log has been read once nothing may be counted. */
  readiness(): string
  close(): Promise<void>
}

/** The log cannot be reached now; the caller waits, counts nothing meanwhile that it would need, and asks again. */
export class ChoiceLogUnavailableError extends Error {
  override readonly name = 'ChoiceLogUnavailableError'
}

/** The choices were recorded under another key. The message says what to set. */
export class ChoiceKeyError extends Error {
  override readonly name = 'ChoiceKeyError'
}
