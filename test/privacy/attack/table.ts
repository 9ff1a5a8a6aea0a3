/** The table of `npm run attack`. */
import type { Attack, AttackResult } from './attack-types.ts'

const heads = ['attack', 'trials', 'figure', 'bound', 'control', 'verdict']

export function tableOf(done: readonly { attack: Attack; result: AttackResult }[]): string {
  const rows = done.map(({ attack, result }) => [
    attack.name,
    result.trials.toLocaleString('en'),
    result.figure,
    result.bound,
    result.controlFigure,
    result.verdict,
  ])
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) => cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')
  return [line(heads), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}
