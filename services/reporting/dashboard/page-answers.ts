/** What the page is answered, for the server that makes it and the page that reads it. Types only: the page is bundled. */

export interface DimensionModel {
  readonly title: string
  readonly kind: 'rule' | 'values' | 'buckets'
  readonly origin: string
  /** Titles of the values that have one. */
  readonly values?: Readonly<Record<string, string>>
}

export interface DatasetModel {
  readonly id: string
  readonly title: string
  readonly dimensions: readonly string[]
  readonly measures: readonly string[]
  readonly grains: readonly string[]
  /** Sets of dimensions for which devices are counted. */
  readonly by: readonly (readonly string[])[]
  readonly isReleased: boolean
}

export interface DashboardModel {
  readonly title: string
  readonly catalogue: string
  /** Cells of fewer devices are not shown. */
  readonly k: number
  readonly datasets: readonly DatasetModel[]
  readonly dimensions: Readonly<Record<string, DimensionModel>>
  readonly measures: Readonly<Record<string, { readonly title: string; readonly unit: string }>>
}

export interface ReleasePreview {
  readonly day: string
  readonly dataset: string
  readonly publishedAt: string
  readonly rows: number
  /** The most devices first, of each level together. */
  readonly shown: readonly {
    readonly level: string
    /** By dimension; null: summed over. */
    readonly values: Readonly<Record<string, string | null>>
    readonly devices: number
    /** In about 95 of 100 rows the count of the bounded data is within so much of `devices`. */
    readonly halfWidth95: number
    readonly flags: string
  }[]
}

export interface NotCounted {
  /** By whom: refused at the door, and the sender told; or dropped later. */
  readonly where: 'door' | 'worker'
  readonly reason: string
  /** The reason in words. */
  readonly means: string
  /** Bots, repetitions: nothing is amiss. */
  readonly isIntended: boolean
  readonly events: number
}

export interface DemoStatus {
  readonly state: 'none' | 'running' | 'done' | 'failed'
  /** RFC 3339; also of a demo of an earlier process. */
  readonly begun?: string
  readonly elapsedSeconds: number
  readonly totalSeconds: number
  /** Events. */
  readonly sent: number
  readonly accepted: number
  /** At the end: whether the counts are those that were to be expected, or what went wrong. */
  readonly verdict?: string
}

export type PartnerState = 'active' | 'expired' | 'revoked'

export interface PartnerAccess {
  readonly counts: Readonly<Record<PartnerState, number>>
  /** For admins, in the order in which they were added; never a key, nor its hash. */
  readonly partners?: readonly {
    readonly partner: string
    readonly name: string
    readonly purpose: string
    readonly state: PartnerState
    /** RFC 3339 */
    readonly until: string
    readonly datasets: readonly string[]
    /** Files and tables that were handed out. */
    readonly reads: number
    /** RFC 3339; null: nothing of a dataset was ever read. */
    readonly lastRead: string | null
  }[]
}
