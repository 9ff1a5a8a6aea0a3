/** `headcount sign-in`: a link for whoever should see the dashboard, without showing them a token. */
import type { Config } from '../../shared/config.ts'
import { signInLink } from '../reporting/dashboard/sign-in-links.ts'
import { withDesk } from './installation.ts'

export async function printSignInLink(config: Config, { admin }: { admin: boolean }): Promise<void> {
  const secret = await withDesk(config, (desk) => desk.signIn(admin ? 'admin' : 'analyst'))
  const address = config.publicUrl || `http://${config.host}:${config.reportingPort}`
  process.stdout.write(`${signInLink(address, secret)}\nIt signs in once, within a day.\n`)
}
