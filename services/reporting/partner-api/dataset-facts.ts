/** What partners are told about a dataset, from the catalogue, or from its newest release when the catalogue has dropped it. */
import { type Catalogue, findDataset, releasedDatasets } from '../../../shared/catalogue.ts'
import type { LedgerState, Partner } from '../../../shared/ledger/port.ts'
import { columnsOf, type ManifestColumn } from '../../release/manifest.ts'
import { specificationsOf } from '../../release/specification.ts'
import type { FrozenFiles } from './frozen-files.ts'
import { publishedOf } from './published.ts'

export interface DatasetFacts {
  readonly id: string
  readonly title: string
  readonly columns: readonly ManifestColumn[]
  /** Published releases so far. */
  readonly releases: number
  /** Newest published day. */
  readonly newest: string | null
}

export class Datasets {
  readonly #catalogue: Catalogue
  readonly #files: FrozenFiles
  readonly #declared: ReadonlyMap<string, readonly ManifestColumn[]>

  constructor(catalogue: Catalogue, files: FrozenFiles) {
    this.#catalogue = catalogue
    this.#files = files
    this.#declared = new Map(
      releasedDatasets(catalogue).length === 0
        ? []
        : specificationsOf(catalogue).map((one) => [one.dataset, columnsOf(catalogue, one)]),
    )
  }

  /** Ids of the partner's datasets that are released now, or once were; in alphabetical order. */
  inScope({ datasets }: Partner, state: LedgerState): string[] {
    return datasets.filter((id) => this.#declared.has(id) || publishedOf(state, id).length > 0).sort()
  }

  /** Columns are those of the newest release, and before the first one those that the catalogue gives. */
  async describe(id: string, state: LedgerState): Promise<DatasetFacts> {
    const published = publishedOf(state, id)
    const newest = published.at(-1)
    const manifest = newest && (await this.#files.manifest(newest)).manifest
    return {
      id,
      title: findDataset(this.#catalogue, id)?.title ?? manifest?.title ?? id,
      columns: manifest?.columns ?? this.#declared.get(id) ?? [],
      releases: published.length,
      newest: newest?.day ?? null,
    }
  }
}
