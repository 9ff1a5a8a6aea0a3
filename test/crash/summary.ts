/** A campaign's figures, to be read by people. */
import type { CrashResult } from './crash-result.ts'
import type { Mutation } from './mutation.ts'

export function summary(result: CrashResult, mutation: Mutation | undefined): string {
  const phases = Object.entries(result.killsByPhase)
    .sort(([, a], [, b]) => b - a)
    .map(([phase, kills]) => `${phase} ${kills}`)
  const windows = Object.entries(result.finalWindows).map(([grain, count]) => `${grain} ${count}`)
  const lines = {
    seed: result.seed,
    ...(mutation && { mutation }),
    kills: `${result.kills} (hit: ${phases.join(', ')})`,
    restarts: result.restarts,
    'ended by themselves': result.unplannedEnds,
    batches: `${result.batches} sent, ${result.acknowledged} acknowledged, ${result.overMonthEnd} over the month's end`,
    events: result.events,
    retries: `${result.retries} of requests, ${result.repeats} of acknowledged batches`,
    'simulated time': `${result.simulated.from} to ${result.simulated.to}`,
    'windows made final': windows.length === 0 ? 'none' : windows.join(', '),
    lost: result.lost,
    doubled: result.doubled,
    'wrong cells': `${result.wrongCells} with other devices or weights, ${result.strangeCells} never sent`,
    duration: `${(result.durationMs / 1000).toFixed(0)} s`,
  }
  const table = Object.entries(lines).map(([name, value]) => `${name.padEnd(20)} ${value}\n`)
  return `\n${table.join('')}${result.examples.map((example) => `  ${example}\n`).join('')}`
}
