/**
 * What an event is in a release: for each released dataset that it belongs to, its dimension values and measures. No cap
 * on distinct values applies here: a first-come cap would let one unit move everybody else into `(other)`. What rare
 * values could tell, the release's thresholds keep back.
 */
import { type Catalogue, type Dataset, foldValue, releasedDatasets } from '../../../shared/catalogue.ts'
import { probeFeature } from '../../../shared/event.ts'
import { rawValue } from '../fold-into-catalogue.ts'
import type { ClientClass, EventShape } from '../observation.ts'

/** One event's place in one dataset. */
export interface Membership {
  /** Index into the released datasets. */
  readonly dataset: number
  /** Of the dataset's dimensions, in order. */
  readonly values: readonly string[]
  /** Of the dataset's released measures, clamped into [0, max]; 0 where the event carries none. */
  readonly measures: readonly number[]
}

/** A released dataset's measures, in the order of its columns. */
export function releasedMeasures(dataset: Dataset): string[] {
  return dataset.measures.filter((id) => dataset.release[0]?.measuresMax.has(id))
}

/** @param text from `ReleasedValues.of` */
export function readMemberships(text: string): Membership[] {
  const read = JSON.parse(text) as [dataset: number, values: string[], measures: number[]][]
  return read.map(([dataset, values, measures]) => ({ dataset, values, measures }))
}

/** Texts that are remembered; then it begins anew. */
const textsMax = 20_000

export class ReleasedValues {
  readonly datasets: readonly Dataset[]
  readonly #catalogue: Catalogue
  readonly #texts = new Map<string, string>()
  readonly #measures: ReadonlyMap<string, { readonly min: number; readonly max: number }>

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue
    this.datasets = releasedDatasets(catalogue)
    this.#measures = new Map(catalogue.measures.map((measure) => [measure.id, measure]))
  }

  /** Memberships as JSON text, for `readMemberships`; '' for none. Events that are alike have the same text. */
  of(shape: EventShape, country: string, client: ClientClass): string {
    if (shape.feature === probeFeature) return ''
    let key = `${shape.feature}\n${country}\n${client.browser}\n${client.os}\n${client.deviceType}`
    for (const field in shape.fields) key += `\n${field}=${shape.fields[field]}`
    let text = this.#texts.get(key)
    if (text === undefined) {
      const memberships = this.#memberships({ shape, country, client })
      text = memberships.length === 0 ? '' : JSON.stringify(memberships.map((one) => Object.values(one)))
      if (this.#texts.size >= textsMax) this.#texts.clear()
      this.#texts.set(key, text)
    }
    return text
  }

  #memberships(seen: { shape: EventShape; country: string; client: ClientClass }): Membership[] {
    const values = new Map<string, string>()
    for (const dimension of this.#catalogue.dimensions)
      values.set(dimension.id, foldValue(dimension, rawValue(dimension, seen)))
    const belongs = ({ when }: Dataset) => [...when].every(([id, allowed]) => allowed.has(values.get(id) ?? ''))
    return this.datasets.flatMap((dataset, index) =>
      belongs(dataset)
        ? [
            {
              dataset: index,
              values: dataset.dimensions.map((id) => values.get(id) ?? ''),
              measures: releasedMeasures(dataset).map((id) => this.#measure(id, seen.shape.fields[id])),
            },
          ]
        : [],
    )
  }

  #measure(id: string, value: string | number | undefined): number {
    const { min = 0, max = 0 } = this.#measures.get(id) ?? {}
    if (typeof value !== 'number' || !Number.isFinite(value)) return 0
    return Math.max(0, Math.round(Math.min(Math.max(value, min), max)))
  }
}
