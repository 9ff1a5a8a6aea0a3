/** How long what is kept: the list of shared/retention/, as it is on the engines that run. */
import type { Config } from '../../shared/config.ts'
import type { KindOfData, OnEngines } from '../../shared/retention/kind-of-data.ts'
import { retentionTable } from '../../shared/retention/table.ts'

export interface Kept {
  readonly id: string
  readonly what: string
  readonly contains: string
  readonly about: KindOfData['about']
  readonly where: string
  readonly howLong: string
  readonly removedBy: string
}

export function keptTable(config: Config): readonly Kept[] {
  const isEmbedded = config.eventLogUrl === 'embedded:'
  const here = ({ embedded, servers }: OnEngines): string => (isEmbedded ? embedded : servers)
  const isMade = ({ removedBy }: KindOfData): boolean => here(removedBy) !== 'not made'
  return retentionTable(config)
    .filter(isMade)
    .map(({ id, title, contains, about, where, howLong, removedBy }) => ({
      ...{ id, what: title, contains, about, where: here(where), howLong, removedBy: here(removedBy) },
    }))
}
