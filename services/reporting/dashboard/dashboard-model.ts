/** What the dashboard can show, from the catalogue alone: a new dimension or dataset shows up by itself. */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { DashboardModel } from './page-answers.ts'

/** @param k devices that a cell must have to be shown */
export function dashboardModel(catalogue: Catalogue, k: number): DashboardModel {
  const features = Object.fromEntries(catalogue.features.map(({ id, title }) => [id, title]))
  return {
    title: catalogue.title,
    catalogue: catalogue.version,
    k,
    datasets: catalogue.datasets.map(({ id, title, dimensions, measures, grains, bySets, release }) => ({
      ...{ id, title, dimensions, measures, grains },
      by: bySets,
      isReleased: release.length > 0,
    })),
    dimensions: Object.fromEntries(
      catalogue.dimensions.map(({ id, title, origin, domain }) => [
        id,
        {
          title,
          origin,
          kind: domain.kind === 'rule' || domain.kind === 'buckets' ? domain.kind : 'values',
          ...(origin === 'feature' && { values: features }),
        },
      ]),
    ),
    measures: Object.fromEntries(catalogue.measures.map(({ id, title, unit }) => [id, { title, unit }])),
  }
}
