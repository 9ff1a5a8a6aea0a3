/** What the server says there is to show; as services/reporting/dashboard/dashboard-model.ts makes it. */
export interface Dataset {
  readonly id: string
  readonly title: string
  readonly dimensions: readonly string[]
  readonly measures: readonly string[]
  readonly grains: readonly string[]
  readonly by: readonly (readonly string[])[]
  readonly isReleased: boolean
}

export interface Dimension {
  readonly title: string
  readonly kind: 'rule' | 'values' | 'buckets'
  readonly origin: string
  readonly values?: Readonly<Record<string, string>>
}

export interface SharedView {
  readonly title: string
  readonly query: string
  readonly until: string
}

export interface Model {
  readonly title: string
  readonly catalogue: string
  readonly k: number
  readonly datasets: readonly Dataset[]
  readonly dimensions: Readonly<Record<string, Dimension>>
  readonly measures: Readonly<Record<string, { readonly title: string; readonly unit: string }>>
  /** The server's clock, RFC 3339. */
  readonly now: string
  readonly collector: string
  readonly role: 'admin' | 'analyst' | 'guest'
  readonly view: SharedView | null
}

/** The dataset that the overview is about: the first that is counted by the minute, as the catalogue orders them. */
export function mainDataset({ datasets }: Model): Dataset | undefined {
  return datasets.find(({ grains }) => grains.includes('minute')) ?? datasets[0]
}

const regions = new Intl.DisplayNames(undefined, { type: 'region', fallback: 'code' })

/** A value in words: features have titles, countries names. */
export function valueTitle(dimension: Dimension | undefined, value: string): string {
  if (value === '(none)') return '(not said)'
  if (dimension?.origin === 'address.country' && /^[A-Z]{2}$/.test(value)) return regions.of(value) ?? value
  return dimension?.values?.[value] ?? value
}
