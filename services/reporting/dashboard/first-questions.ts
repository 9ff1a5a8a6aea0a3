/**
 * What the dashboard asks of the tables when it is opened on its usual periods, said by the page's own code, so that it is
 * the same: for asking it before somebody waits for it (warm-up.ts).
 */
import { grainOf, listGrain, longRange, rangeOf } from './page/periods.ts'
import { question } from './page/usage-query.ts'
import { defaultState, type Grain } from './page/view-state.ts'
import type { DashboardModel } from './page-answers.ts'

/** In the order in which they are looked at most. */
const periods = ['30d', '12mo', '90d', 'year'] as const

/** @returns queries of GET /api/v1/usage, each once  @param now ms since the Unix epoch */
export function firstQuestions({ datasets }: DashboardModel, now: number): string[] {
  const asked = new Set<string>()
  for (const period of periods) {
    const state = { ...defaultState, period }
    const range = rangeOf(state, now)
    const grains = new Set<Grain>([grainOf(state, range, now), listGrain(range)])
    for (const dataset of datasets) {
      const ask = (by: readonly string[], grain: Grain, measures: readonly string[] = [], of = range) => {
        if (dataset.grains.includes(grain))
          asked.add(question({ dataset, by, range: of, grain, filters: [], measures }).path.split('?')[1] ?? '')
      }
      for (const grain of grains) {
        ask([], grain)
        if (dataset.measures.length > 0) ask([], grain, dataset.measures)
        for (const dimension of dataset.dimensions) ask([dimension], grain)
      }
      // A click on a row filters by it: then each list is a slice of a table with its dimension and that of the row.
      if (period === defaultState.period) for (const pair of pairsOf(dataset.dimensions)) ask(pair, listGrain(range))
      for (const grain of ['week', 'month'] as const) ask([], grain, [], longRange(grain, range, now))
    }
  }
  return [...asked]
}

function pairsOf(dimensions: readonly string[]): [string, string][] {
  return dimensions.flatMap((one, at) => dimensions.slice(at + 1).map((other): [string, string] => [one, other]))
}
