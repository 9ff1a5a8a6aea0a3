/** The figures of a run, to be read by people. */
import { happenings } from './counts.ts'
import { callKinds, canHappen, faults } from './faults.ts'
import type { Caught, SeedsResult } from './seeds.ts'
import type { SimulationResult } from './simulate.ts'

const nameWidth = 38

export function summary(result: SeedsResult, seconds: number): string {
  const { seeds, counts, lost, doubled, wrongCells, failed } = result
  const lines: [string, string | number][] = [
    ['seeds', `${seeds} in ${seconds.toFixed(0)} s`],
    ...happenings.map((what): [string, number] => [what, counts.of(what)]),
    ['lost', lost],
    ['doubled', doubled],
    ['wrong cells', wrongCells],
    ['seeds that went wrong', failed.length],
  ]
  return `${table(lines)}\n${faultTable(result)}`
}

export function failureText(result: SimulationResult, flags = ''): string {
  const { seed, lost, doubled, wrongCells, stuck, examples } = result
  const what = `seed ${seed}: lost ${lost}, doubled ${doubled}, wrong cells ${wrongCells}${stuck && `, ${stuck}`}`
  const shown = examples.map((example) => `  ${example}`)
  return [what, ...shown, `  npm run simulate -- --seed ${seed}${flags} --trace`].join('\n')
}

export function caughtText(all: readonly Caught[]): string {
  const lines = all.map(({ mutation, afterSeeds, result }): [string, string] => {
    const what = result && `seeds: ${afterSeeds}, of which the last lost ${result.lost} and doubled ${result.doubled}`
    return [`without: ${mutation}`, what ?? 'NOT CAUGHT']
  })
  return table(lines)
}

/** How often each fault was met at each kind of call; `-` where it cannot be. */
function faultTable({ counts }: SeedsResult): string {
  const widths = faults.map((fault) => Math.max(fault.length, 6) + 1)
  const row = (name: string, values: readonly (string | number)[]) =>
    name.padEnd(25) + values.map((value, column) => String(value).padStart(widths[column]!)).join('')
  const rows = callKinds.map((kind) =>
    row(
      kind,
      faults.map((fault) => (canHappen(fault, kind) ? counts.faultsAt(kind, fault) : '-')),
    ),
  )
  return `${[row('faults at', [...faults]), ...rows].join('\n')}\n`
}

function table(lines: readonly (readonly [string, string | number])[]): string {
  return lines.map(([name, value]) => `${name.padEnd(nameWidth)} ${value}\n`).join('')
}
