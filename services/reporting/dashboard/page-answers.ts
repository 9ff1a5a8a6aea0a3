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
