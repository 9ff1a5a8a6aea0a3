/** Looks at everything that a seal leaves behind, as it is now. */
import { readdir } from 'node:fs/promises'
import type { Engines } from '../../../services/headcount.ts'
import type { Manifest } from '../../../services/release/manifest.ts'
import { ReleaseReader, releaseFormats, releasesTable } from '../../../services/release/release-store.ts'
import { sha256Hex } from '../../../services/release/sha256.ts'
import type { Catalogue } from '../../../shared/catalogue.ts'
import { add, compare, type Fraction, formatFraction, parseFraction, zero } from '../../../shared/fraction.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import type { WarehouseReader } from '../../../shared/warehouse/port.ts'
import { verdictOf } from './ledger-verdict.ts'
import type { ToldAudit, ToldBytes, ToldRelease } from './told.ts'

const newestMax = 4

/** @param newestOnly of the published releases only the newest are read whole */
export async function audit(
  { keyValue, warehouse }: Pick<Engines, 'keyValue' | 'warehouse'>,
  ledger: Ledger,
  catalogue: Catalogue,
  scratchDir: string,
  newestOnly = false,
): Promise<ToldAudit> {
  const spent = new Map<string, Fraction>()
  const entries: Record<string, number> = {}
  // From the entries, not from the folded state: that must not be able to hide one.
  for await (const { event } of ledger.entries()) {
    if (!('day' in event) || !('dataset' in event)) continue
    const key = `${event.kind} ${event.day} ${event.dataset}`
    entries[key] = (entries[key] ?? 0) + 1
    if (event.kind === 'budget.reserved')
      spent.set(event.day, add(spent.get(event.day) ?? zero, parseFraction(event.rho) ?? zero))
  }
  const releases = await releasesOf(ledger)
  const served: ToldBytes[] = []
  const from = newestOnly ? -newestMax : 0
  for (const release of releases.filter(({ state }) => state === 'PUBLISHED').slice(from))
    served.push(...(await bytesOf(warehouse, release)))
  const plans: string[] = []
  for await (const [key] of keyValue.scan('seal/')) plans.push(key)
  return {
    spent: [...spent].map(([day, rho]) => ({
      ...{ day, rho: formatFraction(rho), within: compare(rho, catalogue.releases.rho) <= 0 },
    })),
    releases,
    entries,
    ledger: await verdictOf(ledger),
    served,
    stored: await storedReleases(warehouse),
    sealKeys: (await keyValue.secrets.list()).map(({ name }) => name).filter((name) => name.startsWith('seal/')),
    plans,
    scratch: await readdir(scratchDir, { recursive: true }).catch(() => []),
  }
}

export async function releasesOf(ledger: Ledger): Promise<ToldRelease[]> {
  const known = (await ledger.state()).releases()
  return known.map(({ day, dataset, state, sha256 }) => ({ day, dataset, state, sha256 }))
}

/** What a partner would be handed of a published release; nothing of one that is not. */
export async function bytesOf(
  warehouse: WarehouseReader,
  { day, dataset, state, sha256 }: ToldRelease,
): Promise<ToldBytes[]> {
  if (state !== 'PUBLISHED' || sha256 === undefined) return []
  const reader = new ReleaseReader(warehouse)
  const manifest = await reader.manifest(dataset, day, sha256)
  if (!manifest) return [{ day, dataset, release: sha256, sha256: {}, asManifest: false }]
  const { files } = JSON.parse(manifest.toString()) as Manifest
  const found: Record<string, string> = { manifest: sha256Hex(manifest) }
  for (const { format, sha256: named } of files) {
    const bytes = await reader.file(dataset, day, sha256, format, named)
    found[format] = bytes ? sha256Hex(bytes) : 'missing'
  }
  const asManifest =
    found.manifest === sha256 &&
    files.length === releaseFormats.length &&
    files.every((file) => found[file.format] === file.sha256)
  return [{ day, dataset, release: sha256, sha256: found, asManifest }]
}

async function storedReleases(warehouse: WarehouseReader): Promise<Record<string, string[]>> {
  const rows = await warehouse.select<{ place: string; release: string }>(
    `SELECT DISTINCT concat(toString(day), ' ', dataset) AS place, toString(release) AS release FROM ${releasesTable}`,
  )
  const stored: Record<string, string[]> = {}
  for (const { place, release } of rows) stored[place] = [...(stored[place] ?? []), release]
  return stored
}
