/** `headcount partner add|revoke|list`: who may read releases, of which datasets, for what and until when. */
import { writeFile } from 'node:fs/promises'
import type { Config } from '../../shared/config.ts'
import { readLock } from '../../shared/data-directory.ts'
import type { Partner } from '../../shared/ledger/port.ts'
import { profileFor } from '../reporting/delta-sharing/profile.ts'
import { ForeseenError } from '../start-failure.ts'
import { columns } from './columns.ts'
import { withDesk } from './installation.ts'

export interface PartnerAddOptions {
  datasets: string
  purpose: string
  until: string
  profile?: string
}

export async function addPartnerKey(config: Config, name: string, options: PartnerAddOptions): Promise<void> {
  const datasets = options.datasets.split(',').map((one) => one.trim())
  const { purpose, until } = options
  const added = await withDesk(config, (desk) => desk.addPartner({ name, datasets, purpose, until }))
  const url = await reportingUrl(config)
  if (options.profile !== undefined) {
    const profile = profileFor(url, added.key, added.until)
    await writeFile(options.profile, `${JSON.stringify(profile, null, 2)}\n`, { mode: 0o600, flag: 'wx' }).catch(
      (error: Error) => {
        throw new ForeseenError(
          `the profile cannot be written: ${error.message}. The partner ${added.partner} was added; its key is ${added.key}`,
        )
      },
    )
  }
  process.stdout.write(`${name} is a partner now (${added.partner}), for ${datasets.join(', ')}, until ${added.until}.

  key  ${added.key}

The key is shown this once; only its SHA-256 is kept. To try it:

  curl -sS -H 'Authorization: Bearer ${added.key}' ${url}/partner/v1/datasets
${options.profile === undefined ? '' : `\nDelta Sharing: ${options.profile} is the profile file (mode 0600).\n`}`)
}

export async function revokePartnerKey(config: Config, partner: string): Promise<void> {
  await withDesk(config, (desk) => desk.revokePartner(partner))
  process.stdout.write(`${partner} is revoked: its key is refused from now on, and so are links that it got.\n`)
}

export async function listPartnerKeys(config: Config): Promise<void> {
  const partners = await withDesk(config, (desk) => desk.partners())
  if (partners.length === 0) {
    process.stdout.write('No partner has been added.\n')
    return
  }
  const rows = partners.map((one) => [
    one.partner,
    one.name,
    stateOf(one),
    one.until.slice(0, 10),
    one.datasets.join(','),
    one.purpose,
  ])
  const table = [['partner', 'name', 'state', 'until', 'datasets', 'purpose'], ...rows]
  process.stdout.write(`${columns(table)}\n`)
}

function stateOf({ revokedAt, until }: Partner): string {
  if (revokedAt !== undefined) return 'revoked'
  return Date.parse(until) <= Date.now() ? 'expired' : 'active'
}

async function reportingUrl(config: Config): Promise<string> {
  const running = (await readLock(config.dataDir))?.reportingUrl
  return config.publicUrl || running || `http://${config.host}:${config.reportingPort}`
}
