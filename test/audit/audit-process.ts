/**
 * Audits in a process of its own, one after the other, as asked over IPC: what the command does, without starting a process
 * for each. What the command prints and ends with is looked at in passes.test.ts.
 */
import { type AuditOptions, makeReport } from '../../services/command-line/audit.ts'
import { readConfig } from '../../shared/config.ts'

export interface AuditWish {
  readonly settings: Record<string, string>
  readonly options: Omit<AuditOptions, 'json'>
}

process.on('message', (wish: AuditWish) => {
  makeReport(readConfig(wish.settings), wish.options).then(
    (report) => process.send?.({ report }),
    (error: Error) => process.send?.({ error: error.stack ?? error.message }),
  )
})
process.on('disconnect', () => process.exit())
