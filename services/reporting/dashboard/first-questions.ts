/**
 * What the dashboard asks of the tables when it is opened on its usual periods, said by the page's own code, so that it is
 * the same: for asking it before somebody waits for it (warm-up.ts).
 */
import { isGrowing, mainDataset, moving } from './page/model.ts'
import { askedOf } from './page/moves.ts'
import { grainOf, listGrain, longRange, rangeOf } from './page/periods.ts'
import { type Asked, question } from './page/usage-query.ts'
import { defaultState } from './page/view-state.ts'
import type { DashboardModel } from './page-answers.ts'

/** In the order in which they are looked at most. */
const periods = ['30d', '12mo', '90d', 'year'] as const

/** @returns queries of GET /api/v1/usage, each once  @param now ms since the Unix epoch */
export function firstQuestions(model: DashboardModel, now: number): string[] {
  const asked = new Set<string>()
  const main = mainDataset(model)
  for (const period of periods) {
    const state = { ...defaultState, period }
    const range = rangeOf(state, now)
    const [chart, list] = [grainOf(state, range, now), listGrain(range)]
    const ask = (more: Pick<Asked, 'dataset' | 'by' | 'grain'> & Partial<Asked>) => {
      if (more.dataset.grains.includes(more.grain))
        asked.add(question({ range, filters: [], ...more }).path.split('?')[1] ?? '')
    }
    if (main) {
      ask({ dataset: main, by: [], grain: chart })
      for (const grain of ['week', 'month'] as const)
        ask({ dataset: main, by: [], grain, range: longRange(grain, range, now) })
      for (const dimension of moving(main))
        ask({ dataset: main, by: [dimension], grain: 'day', range: askedOf(range, now) })
    }
    for (const dataset of model.datasets) {
      const { dimensions, measures } = dataset
      for (const dimension of dimensions) {
        ask({ dataset, by: [dimension], grain: list, isTotals: true })
        if (isGrowing(model.dimensions[dimension])) ask({ dataset, by: [dimension], grain: chart })
      }
      if (measures.length > 0) ask({ dataset, by: [], grain: chart, measures })
      // A click on a row filters by it: then each list is a slice of a table with its dimension and that of the row.
      if (period === defaultState.period)
        for (const by of pairsOf(dimensions)) ask({ dataset, by, grain: list, isTotals: true })
    }
  }
  return [...asked]
}

function pairsOf(dimensions: readonly string[]): [string, string][] {
  return dimensions.flatMap((one, at) => dimensions.slice(at + 1).map((other): [string, string] => [one, other]))
}
