/** What a soak must show, as a list of what it did not. */
import { isFlat } from './series.ts'
import type { SoakResult } from './soak.ts'

const mebibyte = 2 ** 20
/** From the second third to the last: what a garbage collector may leave standing, and no leak of a long run. */
const residentAllowed = { times: 1.05, plus: 8 * mebibyte }
const handlesAllowed = { times: 1, plus: 3 }
const lagAllowed = { times: 1, plus: 20 }
/** Of one core. kafkajs alone took a third of one in an idle consumer before its timer was dealt with. */
const idleShareMax = 0.05

export function failuresOf(result: SoakResult, { idleMax = idleShareMax } = {}): string[] {
  const failures: string[] = []
  const check = (holds: boolean, what: string) => {
    if (!holds) failures.push(what)
  }
  for (const [name, { resident, handles, idleShare }] of result.processes) {
    check(isFlat(resident, residentAllowed), `${name}: resident memory grows`)
    check(isFlat(handles, handlesAllowed), `${name}: file handles grow`)
    check(idleShare <= idleMax, `${name}: ${(idleShare * 100).toFixed(1)} % of a core while idle`)
  }
  check(isFlat(result.lag, lagAllowed), 'lag grows')
  check(result.unplannedEnds === 0, `${result.unplannedEnds} processes ended by themselves`)
  for (const what of ['lost', 'doubled', 'wrongCells', 'strangeCells'] as const)
    check(result[what] === 0, `${what}: ${result[what]}`)
  return failures
}

/** A table for people. */
export function soakText({ processes, lag, batches, events, lost, doubled }: SoakResult): string {
  const row = (name: string, ...cells: string[]) => name.padEnd(14) + cells.map((cell) => cell.padStart(18)).join('')
  const mebibytes = (values: readonly number[]) => values.map((value) => Math.round(value / mebibyte)).join(' / ')
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return [
    row('', 'MiB by thirds', 'handles', 'core, idle', 'core, at the rate'),
    ...[...processes].map(([name, { resident, handles, idleShare, busyShare }]) =>
      row(name, mebibytes(resident.thirds), `${handles.thirds.join(' / ')}`, percent(idleShare), percent(busyShare)),
    ),
    row('lag, records', lag.thirds.join(' / '), `at most ${lag.max}`),
    `${batches} batches, ${events} events: ${lost} lost, ${doubled} doubled`,
  ].join('\n')
}
