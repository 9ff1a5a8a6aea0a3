/**
 * Asking again and again, as any partner, in any format, after restarts and new requests for the same day: were the noise
 * ever drawn anew, its mean would vanish. Everybody gets the same bytes.
 */
import { drawRelease } from '../../../services/release/draw-release.ts'
import type { Manifest } from '../../../services/release/manifest.ts'
import { ReleaseReader, releaseFormats } from '../../../services/release/release-store.ts'
import type { ExactCell } from '../../../services/release/release-types.ts'
import { sha256Hex } from '../../../services/release/sha256.ts'
import { specificationsOf } from '../../../services/release/specification.ts'
import { type Attack, type AttackResult, type AttackTools, verdictOf } from '../attack/attack-types.ts'
import { Choices } from './choices.ts'
import { type PublishedDay, publishedDay, withDay } from './published-day.ts'
import { attackCatalogue } from './sealed-world.ts'

const devices = 300
const partnersMax = 5
/** So often the sealing job is begun anew, and asked for the same day. */
const restartEvery = 250
const redraws = 400

export const averagingAttack: Attack = {
  id: 'averaging',
  name: 'averaging over pulls, retries, partners, formats, restarts',
  trials: 10_000,
  trialsShort: 500,
  run: (tools) => withDay(devices, 1, (day) => attack(day, tools)),
}

async function attack(day: PublishedDay, { trials, random, onProgress }: AttackTools): Promise<AttackResult> {
  const choices = new Choices(random)
  await day.publish(day.newSealer())
  const partners = await Promise.all(
    Array.from({ length: partnersMax }, async () => new ReleaseReader(await day.engines.warehouse.reader())),
  )
  const seen = new Map<string, Set<string>>()
  for (let trial = 0; trial < trials; trial++) {
    if (trial % restartEvery === 0) await day.publish(day.newSealer())
    const dataset = choices.pick(attackCatalogue.datasets).id
    const format = choices.pick([...releaseFormats, 'manifest'] as const)
    const place = `${dataset} ${format}`
    const sha256 = await pull(day, choices.pick(partners), dataset, format)
    seen.set(place, (seen.get(place) ?? new Set()).add(sha256))
    onProgress(trial + 1)
  }
  const most = Math.max(...[...seen.values()].map(({ size }) => size))
  const control = redrawn(random)
  return {
    trials,
    figure: `${most} sha256 per format`,
    bound: '1',
    controlFigure: `${control.different} sha256 in ${redraws} draws, mean off by ${control.error.toFixed(2)}`,
    verdict: verdictOf(most === 1, control.different > redraws / 2 && control.error < 1),
    detail: [
      `${seen.size} files and manifests, ${partnersMax} partners, sealing begun anew every ${restartEvery} pulls`,
      `control: with a redraw for each partner the mean of ${redraws} pulls is the exact count of ${control.exact} devices to ${control.error.toFixed(2)}`,
    ],
  }
}

async function pull(
  { ledger }: PublishedDay,
  partner: ReleaseReader,
  dataset: string,
  format: (typeof releaseFormats)[number] | 'manifest',
): Promise<string> {
  const release = (await ledger.state()).release(publishedDay, dataset)?.sha256 ?? ''
  const manifest = await partner.manifest(dataset, publishedDay, release)
  if (!manifest) return 'nothing'
  if (format === 'manifest') return sha256Hex(manifest)
  const { files } = JSON.parse(manifest.toString()) as Manifest
  const named = files.find((file) => file.format === format)?.sha256 ?? ''
  const bytes = await partner.file(dataset, publishedDay, release, format, named)
  return bytes ? sha256Hex(bytes) : 'nothing'
}

/** Control: noise drawn for each who asks. */
function redrawn(random: AttackTools['random']): { different: number; exact: number; error: number } {
  const exact = 1000
  const specification = specificationsOf(attackCatalogue)[0]!
  const cell: ExactCell = { values: ['a', '1'], devices: exact, sums: [4000n] }
  const shas = new Set<string>()
  let sum = 0
  for (let draw = 0; draw < redraws; draw++) {
    const rows = drawRelease(new Map([['leaf', [cell]]]), specification, random)
    const row = rows[0]
    sum += Number(row?.devices ?? 0)
    shas.add(sha256Hex(Buffer.from(`${row?.devices} ${row?.sums.join()}`)))
  }
  return { different: shas.size, exact, error: Math.abs(sum / redraws - exact) }
}
