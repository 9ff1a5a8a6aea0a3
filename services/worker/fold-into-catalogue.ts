/**
 * fold into catalogue: an event's fields become a tuple of declared values, one per dimension, and the datasets it
 * belongs to. Nothing that is not declared gets further: it is `(other)` here. Tuples are shared: the many events with
 * the same values meet in one object, which is what makes rolling up quick.
 */
import { type Catalogue, confidentialValue, type Dataset, type Dimension, foldValue } from '../../shared/catalogue.ts'
import type { ConfidentialKind } from '../../shared/confidential/kind.ts'
import { otherValue, probeFeature } from '../../shared/event.ts'
import { probeDataset } from '../../shared/warehouse/schema.ts'
import { escapeTab } from '../../shared/warehouse/tab-separated.ts'
import { dayMs } from '../../shared/window.ts'
import type { KnownValues } from './known-values.ts'
import type { ClientClass, PseudonymousObservation } from './observation.ts'

const tuplesMax = 20_000

/** One combination of declared dimension values, and where events with it are counted. */
export interface Tuple {
  readonly datasets: readonly {
    readonly dataset: Dataset /** the dimension columns, tab-separated */
    readonly columns: string
  }[]
  /** Of the event's values that are `(other)` here, what some looked like. */
  readonly withheld: readonly ConfidentialKind[]
}

/** The catalogue, and the tuples met so far. */
export class Folder {
  readonly catalogue: Catalogue
  readonly datasets: readonly Dataset[]
  readonly knownValues: KnownValues
  /** Dimension fields only: a measure's value must not make a tuple of its own. */
  readonly fields: ReadonlySet<string>
  readonly #contexts = new Map<string, Map<string, Tuple>>()
  #last: { day: number; country: string; client: ClientClass; tuples: Map<string, Tuple> } | undefined
  #size = 0

  /** @param hasCountries false: datasets of nothing but countries are left out, they would hold `(none)` alone */
  constructor(catalogue: Catalogue, knownValues: KnownValues, hasCountries = true) {
    this.catalogue = catalogue
    const isCountry = new Map(catalogue.dimensions.map(({ id, origin }) => [id, origin === 'address.country']))
    this.datasets = catalogue.datasets.filter(
      ({ dimensions }) => hasCountries || !dimensions.every((id) => isCountry.get(id)),
    )
    this.knownValues = knownValues
    this.fields = new Set(catalogue.dimensions.filter(({ origin }) => origin === 'event').map(({ field }) => field))
  }

  /** The tuple of that key among those with the sender's day and class, made with `make` when it is new. */
  tuple(seen: PseudonymousObservation, key: string, make: () => Tuple): Tuple {
    const tuples = this.#tuplesOf(seen)
    let tuple = tuples.get(key)
    if (!tuple) {
      tuple = make()
      tuples.set(key, tuple)
      this.#size++
    }
    return tuple
  }

  /** Day, country and client seldom change from one event to the next, so the last ones are tried first. */
  #tuplesOf({ time, country, client }: PseudonymousObservation): Map<string, Tuple> {
    // The day is part of it, for caps on distinct values start anew each day.
    const day = Math.floor(time / dayMs)
    const last = this.#last
    if (last && last.day === day && last.client === client && last.country === country) return last.tuples
    if (this.#size >= tuplesMax) {
      this.#contexts.clear()
      this.#size = 0
    }
    const key = `${day}\n${country}\n${client.browser}\n${client.os}\n${client.deviceType}`
    let tuples = this.#contexts.get(key)
    if (!tuples) {
      tuples = new Map()
      this.#contexts.set(key, tuples)
    }
    this.#last = { day, country, client, tuples }
    return tuples
  }
}

export function foldIntoCatalogue(seen: PseudonymousObservation, tools: { folder: Folder }): Tuple {
  const { shape, time } = seen
  const day = Math.floor(time / dayMs)
  // A shape belongs to one record, so country and client are the same each time.
  if (shape.folded?.day !== day) shape.folded = { day, tuple: tupleOf(seen, tools.folder) }
  return shape.folded.tuple
}

function tupleOf(seen: PseudonymousObservation, folder: Folder): Tuple {
  let key = seen.shape.feature
  for (const field in seen.shape.fields) if (folder.fields.has(field)) key += `\n${field}=${seen.shape.fields[field]}`
  return folder.tuple(seen, key, () => makeTuple(seen, folder))
}

function makeTuple(seen: PseudonymousObservation, { catalogue, datasets, knownValues }: Folder): Tuple {
  if (seen.shape.feature === probeFeature)
    return { datasets: [{ dataset: probe, columns: columnsOf(catalogue, probe, new Map()) }], withheld: [] }
  const values = new Map<string, string>()
  const withheld: ConfidentialKind[] = []
  for (const dimension of catalogue.dimensions) {
    const raw = rawValue(dimension, seen)
    const folded = foldValue(dimension, raw)
    values.set(dimension.id, knownValues.admit(dimension, folded, seen.time))
    const kind = folded === otherValue && raw !== undefined ? confidentialValue(dimension, raw) : undefined
    if (kind) withheld.push(kind)
  }
  const belongs = (dataset: Dataset) => [...dataset.when].every(([id, allowed]) => allowed.has(values.get(id) ?? ''))
  return {
    datasets: datasets.filter(belongs).map((dataset) => ({ dataset, columns: columnsOf(catalogue, dataset, values) })),
    withheld,
  }
}

/** What an event brings for a dimension, as it came. */
export function rawValue(
  dimension: Dimension,
  seen: Pick<PseudonymousObservation, 'shape' | 'country' | 'client'>,
): string | number | undefined {
  switch (dimension.origin) {
    case 'feature':
      return seen.shape.feature
    case 'event':
      return seen.shape.fields[dimension.field]
    case 'address.country':
      return seen.country
    case 'client.browser':
      return seen.client.browser
    case 'client.os':
      return seen.client.os
    case 'client.device_type':
      return seen.client.deviceType
  }
}

function columnsOf(catalogue: Catalogue, dataset: Dataset, values: ReadonlyMap<string, string>): string {
  return catalogue.dimensions
    .map(({ id }) => (dataset.dimensions.includes(id) ? escapeTab(values.get(id) ?? '') : ''))
    .join('\t')
}

/** The dataset of the start-up probe: told apart from real cells by its name, listed by no API. */
const probe: Dataset = {
  id: probeDataset,
  title: '',
  dimensions: [],
  measures: [],
  when: new Map(),
  grains: ['minute'],
  bySets: [[]],
  audience: 'analysts',
  release: [],
}
