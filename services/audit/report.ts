/** What an audit found, as a table that can be filed, and as JSON. */
import type { CheckResult, Verdict } from './check.ts'

export interface Report {
  /** RFC 3339. */
  readonly date: string
  readonly installation: string
  readonly engines: 'embedded' | 'servers'
  /** Of Headcount, as package.json has it; of the audit's own code. */
  readonly version: string
  readonly catalogue: string
  readonly policy: { readonly version: string; readonly sha256: string }
  /** What of the audit stays behind, and until when. */
  readonly remains: readonly string[]
  readonly checks: readonly CheckResult[]
  readonly verdict: 'PASS' | 'FAIL'
}

const textWidth = 110
const verdicts: readonly Verdict[] = ['PASS', 'FAIL', 'WARN', 'NOT APPLICABLE']

export function isFailed(checks: readonly CheckResult[]): boolean {
  return checks.some(({ verdict }) => verdict === 'FAIL')
}

export function reportText(report: Report): string {
  const { date, installation, engines, version, catalogue, policy, checks, remains } = report
  const head = [
    ['date', date],
    ['installation', `${installation} (${engines})`],
    ['headcount', version],
    ['catalogue', catalogue],
    ['policy', `${policy.version}, sha256 ${policy.sha256}`],
  ].map(([name = '', text]) => `${name.padEnd(14)}${text}`)
  const counts = verdicts.map((one) => [checks.filter(({ verdict }) => verdict === one).length, one] as const)
  const summary = counts.filter(([count]) => count > 0).map(([count, one]) => `${count} ${one}`)
  const left = remains.length === 0 ? [] : ['', 'What remains of this audit:', ...remains.map((one) => `  ${one}`)]
  return `${['Headcount audit', '', ...head, '', ...checks.flatMap(linesOf), ...left, '', `${report.verdict}: ${summary.join(', ')}`].join('\n')}\n`
}

function linesOf({ id, promise, clauses, verdict, evidence }: CheckResult): string[] {
  const indent = ' '.repeat(16)
  const wrapped = [...wrap(promise), ...wrap(`[${clauses.join(', ')}]`), ...wrap(evidence).map((line) => `> ${line}`)]
  return [`${verdict.padEnd(16)}${id}`, ...wrapped.map((line) => `${indent}${line}`), '']
}

function wrap(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > textWidth) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
