/** What the doctor found: a level, what was looked at, and the mend; and how that is printed. */
import { wrapText } from './wrap-text.ts'

export type Level = 'ok' | 'info' | 'warn' | 'FAIL'

export interface Finding {
  readonly level: Level
  readonly what: string
  /** What is wrong and what to do about it; empty where nothing is to be done. */
  readonly mend: string
}

export const ok = (what: string): Finding => ({ level: 'ok', what, mend: '' })
export const info = (what: string): Finding => ({ level: 'info', what, mend: '' })
export const warn = (what: string, mend: string): Finding => ({ level: 'warn', what, mend })
export const fail = (what: string, mend: string): Finding => ({ level: 'FAIL', what, mend })

const colours: Record<Level, number> = { ok: 32, info: 36, warn: 33, FAIL: 31 }
const indent = 8

/** Prints the findings, wrapped to the terminal, and one line that sums them up. */
export function printFindings(findings: readonly Finding[]): void {
  const { isTTY, columns } = process.stdout
  const coloured = isTTY && !process.env.NO_COLOR
  const lines = findings.map(({ level, what, mend }) => {
    const shown = coloured ? `\x1b[${colours[level]}m${level}\x1b[0m` : level
    const text = mend === '' ? what : `${what}  — ${mend}`
    // Only for people: who reads a pipe wants a finding on one line.
    const wrapped = text
      .split('\n')
      .flatMap((line) => (isTTY ? wrapText(line, Math.max(30, columns - indent)) : [line]))
    return `  ${shown}${' '.repeat(indent - 2 - level.length)}${wrapped.join(`\n${' '.repeat(indent)}`)}`
  })
  process.stdout.write(`${lines.join('\n')}\n\n${verdict(findings)}\n`)
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function verdict(findings: readonly Finding[]): string {
  const count = (wanted: Level) => findings.filter(({ level }) => level === wanted).length
  const [failed, warned] = [count('FAIL'), count('warn')]
  const warnings = `${warned} ${warned === 1 ? 'warning' : 'warnings'}`
  if (failed > 0) return `${failed} to mend${warned > 0 ? `, ${warnings}` : ''}.`
  return warned > 0 ? `Works; ${warnings}.` : 'All is well.'
}
