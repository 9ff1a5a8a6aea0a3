/** The process that audits, and what the tests of a file expect of its reports. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CheckResult } from '../../services/audit/check.ts'
import type { Report } from '../../services/audit/report.ts'
import type { AuditOptions } from '../../services/command-line/audit.ts'
import type { AuditWish } from './audit-process.ts'

export class Auditor {
  readonly #child: ChildProcess

  constructor() {
    const program = fileURLToPath(new URL('audit-process.ts', import.meta.url))
    const { PATH, HOME, TMPDIR } = process.env
    const env = { PATH, HOME, ...(TMPDIR && { TMPDIR }) }
    this.#child = fork(program, { execArgv: ['--import', 'tsx'], env })
  }

  /** One at a time. */
  async audit(settings: Record<string, string>, options: Partial<AuditOptions> = {}): Promise<Report> {
    const wish: AuditWish = { settings, options: { collector: [], worker: [], reporting: [], log: [], ...options } }
    this.#child.send(wish)
    const [answer] = (await once(this.#child, 'message')) as [{ report?: Report; error?: string }]
    if (!answer.report) throw new Error(`the audit failed: ${answer.error}`)
    return answer.report
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.disconnect()
    await ended
  }
}

/** That nothing failed. */
export function assertPassed(report: Report): void {
  assert.deepEqual(failedIn(report).map(shortly), [])
  assert.equal(report.verdict, 'PASS')
}

/** That exactly this line failed, and what it says. */
export function assertOnlyFailed(report: Report, id: string, says: RegExp): void {
  const failed = failedIn(report)
  assert.ok(
    failed.length === 1 && failed[0]?.id === id,
    `${id} is to fail, and failed: ${failed.map(shortly).join('; ')}`,
  )
  assert.match(failed[0].evidence, says)
  assert.equal(report.verdict, 'FAIL')
}

export function lineOf(report: Report, id: string): CheckResult {
  const line = report.checks.find((check) => check.id === id)
  assert.ok(line, `the report has no line ${id}`)
  return line
}

function failedIn({ checks }: Report): CheckResult[] {
  return checks.filter(({ verdict }) => verdict === 'FAIL')
}

function shortly({ id, evidence }: CheckResult): string {
  return `${id} (${evidence})`
}
