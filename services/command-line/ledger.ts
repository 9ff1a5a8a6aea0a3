/** `headcount ledger verify`: whether the ledger is what it was, also against a head that somebody else kept. */
import type { Config } from '../../shared/config.ts'
import { withDesk } from './installation.ts'

export async function verifyLedgerChain(config: Config, options: { head?: string }): Promise<void> {
  const { entries, head, problems } = await withDesk(config, (desk) => desk.verifyLedger(options.head))
  process.stdout.write(`${entries} entries, head ${head.seq}:${head.hash}\n`)
  if (problems.length === 0) {
    const kept = options.head === undefined ? '' : ' The head that was kept is in it.'
    process.stdout.write(`The chain is whole: no entry was changed, removed or put in.${kept}\n`)
    return
  }
  for (const problem of problems) process.stdout.write(`  ${problem}\n`)
  process.exitCode = 1
}
