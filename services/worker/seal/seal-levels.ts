/** The levels of all released datasets in one row: what bounding and adding up go by. */
import type { Dataset, ReleaseLevel } from '../../../shared/catalogue.ts'
import type { LevelBound } from './bound-unit.ts'
import { cellOf } from './exact-cells.ts'
import { type Membership, releasedMeasures } from './released-values.ts'

export interface SealLevel extends LevelBound {
  /** Index into the released datasets. */
  readonly dataset: number
  readonly level: ReleaseLevel
  /** Names dataset and level in the keyed priority of a cell. */
  readonly label: string
  /** Index of the level's dimensions among the dataset's. */
  readonly columns: readonly number[]
}

export function sealLevels(datasets: readonly Dataset[]): SealLevel[] {
  return datasets.flatMap((dataset, index) =>
    dataset.release.map((level) => ({
      dataset: index,
      level,
      label: `${dataset.id}\0${level.level}\0`,
      columns: level.by.map((id) => dataset.dimensions.indexOf(id)),
      cellsMax: level.cellsMax,
      eventsMax: level.eventsMax,
      measuresMax: releasedMeasures(dataset).map((id) => level.measuresMax.get(id) ?? 0),
    })),
  )
}

/** The cell of a level that an event with that membership is in. */
export function cellIn({ columns }: SealLevel, { values }: Membership): string {
  return cellOf(columns.map((column) => values[column] as string))
}
