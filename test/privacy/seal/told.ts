/** What a process that seals tells the campaign on standard output, a JSON object on each line. */

/** A release as the ledger has it. */
export interface ToldRelease {
  readonly day: string
  readonly dataset: string
  readonly state: 'RESERVED' | 'SEALED' | 'PUBLISHED'
  readonly sha256?: string | undefined
}

/** SHA-256 of the bytes that a partner was handed, by format; `manifest` too. */
export interface ToldBytes {
  readonly day: string
  readonly dataset: string
  readonly release: string
  readonly sha256: Readonly<Record<string, string>>
  /** Whether each file's is the one that the manifest names. */
  readonly asManifest: boolean
}

/** Everything that holds at one moment. */
export interface ToldAudit {
  /** Σρ of the day's budget.reserved entries, as text, and whether it is within the budget. */
  readonly spent: readonly { day: string; rho: string; within: boolean }[]
  readonly releases: readonly ToldRelease[]
  /** Entries by kind, day and dataset. */
  readonly entries: Readonly<Record<string, number>>
  readonly ledger: string
  readonly served: readonly ToldBytes[]
  /** Releases in the warehouse, by day and dataset. */
  readonly stored: Readonly<Record<string, readonly string[]>>
  readonly sealKeys: readonly string[]
  readonly plans: readonly string[]
  readonly scratch: readonly string[]
}

export type Told =
  | { phase: string }
  | { release: ToldRelease }
  | { served: ToldBytes }
  | { audit: ToldAudit }
  | { error: string }
  | { done: true }
