/** Runs generated strings through the detector and counts what it misses and what it objects to without a reason. */
import fc from 'fast-check'
import { confidentialKind } from '../../shared/confidential/detector.ts'
import { confidentialKinds } from '../../shared/confidential/kind.ts'
import { withhold } from '../../shared/confidential/withhold.ts'
import { type Expected, specimen } from './generators.ts'
import { confidentialList, innocentList } from './lists.ts'

export interface Tally {
  readonly expected: Expected
  strings: number
  /** Confidential and let through, or innocent and withheld. */
  wrong: number
  /** Withheld under the name of another kind. */
  otherwise: number
  /** Some of the wrong ones. */
  readonly examples: string[]
}

const examplesMax = 8

/** @param onProgress called now and then with the number of strings that are done */
export function runCampaign(runs: number, seed: number, onProgress: (done: number) => void = () => undefined): Tally[] {
  const tallies = new Map<Expected, Tally>()
  let done = 0
  const property = fc.property(specimen, ({ expected, text }) => {
    const kind = confidentialKind(text)
    count(tallies, expected, text, kind)
    if (++done % 10_000 === 0) onProgress(done)
    if (kind !== confidentialKind(text)) return false
    if (kind !== undefined && !Object.hasOwn(confidentialKinds, kind)) return false
    // What is left of a message is never confidential itself.
    return kind === undefined || confidentialKind(withhold(text)) === undefined
  })
  fc.assert(property, { numRuns: runs, seed })
  return sorted(tallies)
}

/** The same for the published lists. */
export function runLists(): Tally[] {
  const tallies = new Map<Expected, Tally>()
  for (const [kind, text] of confidentialList) count(tallies, kind, text, confidentialKind(text))
  for (const text of innocentList) count(tallies, 'innocent', text, confidentialKind(text))
  return sorted(tallies)
}

function count(tallies: Map<Expected, Tally>, expected: Expected, text: string, kind: string | undefined): void {
  const tally = tallies.get(expected) ?? { expected, strings: 0, wrong: 0, otherwise: 0, examples: [] }
  tallies.set(expected, tally)
  tally.strings++
  const isWrong = (kind === undefined) !== (expected === 'innocent')
  if (!isWrong && kind !== undefined && kind !== expected) tally.otherwise++
  if (!isWrong) return
  tally.wrong++
  if (tally.examples.length < examplesMax) tally.examples.push(kind === undefined ? text : `${text} (${kind})`)
}

function sorted(tallies: ReadonlyMap<Expected, Tally>): Tally[] {
  const order = [...Object.keys(confidentialKinds), 'innocent']
  return [...tallies.values()].sort((a, b) => order.indexOf(a.expected) - order.indexOf(b.expected))
}

/** A Markdown table. */
export function tableOf(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ expected, strings, wrong, otherwise }) =>
    [
      expected,
      strings,
      wrong,
      `${((100 * wrong) / strings).toFixed(3)} %`,
      expected === 'innocent' ? '' : otherwise,
    ].join(' | '),
  )
  const head = [
    'kind | strings | missed, or withheld though innocent | share | named another kind',
    '--- | --: | --: | --: | --:',
  ]
  return [...head, ...rows].map((row) => `| ${row} |`).join('\n')
}
