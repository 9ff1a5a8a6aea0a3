/** What the server says there is to show. */
import type { DashboardModel, DatasetModel, DimensionModel } from '../page-answers.ts'

export type Dataset = DatasetModel
export type Dimension = DimensionModel

export interface SharedView {
  readonly title: string
  readonly query: string
  readonly until: string
}

export interface Model extends DashboardModel {
  /** The server's clock, RFC 3339. */
  readonly now: string
  readonly collector: string
  readonly role: 'admin' | 'analyst' | 'guest'
  readonly view: SharedView | null
  /** When the demo was started here, RFC 3339; null: never. */
  readonly demo: string | null
}

/** The dataset that the overview is about: the first that is counted by the minute, as the catalogue orders them. */
export function mainDataset({ datasets }: Pick<Model, 'datasets'>): Dataset | undefined {
  return datasets.find(({ grains }) => grains.includes('minute')) ?? datasets[0]
}

const movingMax = 4

/** Dimensions of which is told what rises and what falls: a dataset's first. */
export function moving({ dimensions }: Dataset): readonly string[] {
  return dimensions.slice(0, movingMax)
}

/** Senders name such values themselves, new ones after old ones, as versions are. */
export function isGrowing(dimension: Dimension | undefined): boolean {
  return dimension?.kind === 'rule' && dimension.origin === 'event'
}

const regions = new Intl.DisplayNames(undefined, { type: 'region', fallback: 'code' })

/** A value in words: features have titles, countries names. */
export function valueTitle(dimension: Dimension | undefined, value: string): string {
  if (value === '(none)') return '(not said)'
  if (dimension?.origin === 'address.country' && /^[A-Z]{2}$/.test(value)) return regions.of(value) ?? value
  return dimension?.values?.[value] ?? value
}
