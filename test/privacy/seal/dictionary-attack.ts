/**
 * Who was it? A list of all IPv4 addresses of a /8, hashed with a key, finds every sender behind a pseudonym, as long as
 * there is a key. The attacker has copied the pseudonyms while they lived: those of the day, and those that the seal writes
 * to its scratch folder. Then the day is closed and released, and everything is looked through that is left: files, tables,
 * entries, log lines.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { UnitPseudonyms } from '../../../services/worker/pseudonymise.ts'
import { decodeHashed } from '../../../services/worker/seal/hashed-record.ts'
import { sealDay } from '../../../services/worker/seal/seal-day.ts'
import { addressUnit, encodeRecord, type Unit } from '../../../shared/event.ts'
import { KeyedHash } from '../../../shared/keyed-hash.ts'
import { until } from '../../fixtures/until.ts'
import { type Attack, type AttackResult, type AttackTools, verdictOf } from '../attack/attack-types.ts'
import { byteNeedles, makeCanary, type Needle, needlesOf } from '../canary.ts'
import { NeedleSearch } from '../needle-search.ts'
import { scanBytes, scanFiles, scanRows } from '../scan.ts'
import { WholeInstallation } from '../whole-installation.ts'
import { Choices } from './choices.ts'

const day = '2026-11-20'
const dataset = 'feature_usage'
const userAgent = 'agent/1.0'
const sendersCount = 64
const canariesCount = 20
const addressesPerTurn = 50_000

export const dictionaryAttack: Attack = {
  id: 'dictionary',
  name: 'dictionary of IPv4 addresses on pseudonyms and on the seal’s scratch files; keys looked for everywhere',
  trials: 2 ** 24,
  trialsShort: 2 ** 16,
  run: async (tools) => {
    const installation = await WholeInstallation.start()
    try {
      return await attack(installation, tools)
    } finally {
      await installation.remove()
    }
  },
}

async function attack(installation: WholeInstallation, tools: AttackTools): Promise<AttackResult> {
  const { trials, random } = tools
  const choices = new Choices(random)
  const senders = choices.shuffled(Array.from({ length: sendersCount }, () => unitOf(choices.below(trials))))
  const canaries = Array.from({ length: canariesCount }, () => makeCanary('device'))
  await send(installation, [...senders, ...canaries.map(({ value }): Unit => ({ kind: 'device', id: value }))])
  await installation.settle()

  const { secrets } = installation.headcount.engines.keyValue
  const epochKey = await secrets.read(`epoch/day:${day}`)
  const sealKey = await secrets.createOnce(`seal/${day}`, () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))))
  if (!epochKey || !sealKey) throw new Error('there are no keys to attack')
  const stolen: Stolen = {
    pseudonyms: new Set(senders.map((unit) => pseudonymOf(unit, epochKey))),
    hashes: new Set<string>(),
  }
  const scratch = await sealAndCopy(installation, sealKey, stolen, canaries.flatMap(needlesOf))

  const distinct = new Set(senders.map(({ id }) => id)).size
  const known = await dictionary(stolen, { epochKey, sealKey }, tools)
  await closeAndRelease(installation)
  const isGone = !(await secrets.read(`epoch/day:${day}`)) && !(await secrets.read(`seal/${day}`))
  const others = await Promise.all((await secrets.list()).map(({ name }) => secrets.read(name)))
  const other = others.find((key) => key !== undefined) ?? Buffer.alloc(32)
  const blind = await dictionary(stolen, { epochKey: other, sealKey: other }, tools)
  const guesses = await guess(installation, stolen, senders[0]!, { epochKey, sealKey })
  const keys = await findKeys(installation, { epochKey, sealKey })

  const isHidden = blind.day + blind.seal + guesses.hits + keys.found.length + scratch.found.length === 0 && isGone
  const isControlled =
    known.day === distinct && known.seal === distinct && guesses.control && keys.control && scratch.control
  return {
    trials,
    figure: `${blind.day} and ${blind.seal} of ${distinct} senders; keys in ${keys.found.length} places`,
    bound: '0; 0',
    controlFigure: `${known.day} and ${known.seal} of ${distinct} with the key; planted keys ${keys.control ? 'found' : 'missed'}`,
    verdict: verdictOf(isHidden, isControlled),
    detail: [
      `every 32 bytes on the disk tried as a key on a known sender: ${guesses.tried}, ${guesses.hits} hits (control, the destroyed keys: ${guesses.control ? 'hit' : 'missed'})`,
      `raw identifiers in the seal’s scratch folder: ${scratch.found.length} (${scratch.files} files, planted one ${scratch.control ? 'found' : 'missed'})`,
      ...[...keys.found, ...scratch.found].slice(0, 5),
    ],
  }
}

/** The sender of that number in the /8. */
function unitOf(number: number): Unit {
  return addressUnit(`10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`, userAgent)
}

async function send({ headcount, clock }: WholeInstallation, units: readonly Unit[]): Promise<void> {
  const { log } = headcount.engines
  const now = clock.now()
  await log.append(
    units.map((unit, index) => ({
      partition: index % log.partitions,
      value: encodeRecord({
        ...{ receivedAt: now, route: 'node', ip: unit.id.split('\0')[0] ?? '', userAgent, unit },
        events: [{ id: `event-${index}`, time: now, feature: headcount.catalogue.features[0]!.id, fields: {} }],
      }),
    })),
  )
}

interface Stolen {
  /** Of the day, in one dataset, as the sketches were given them. */
  readonly pseudonyms: Set<string>
  /** Of units, in the buckets. */
  readonly hashes: Set<string>
}

interface Keys {
  readonly epochKey: Uint8Array
  readonly sealKey: Uint8Array
}

/** Seals as the worker is going to, in a folder of its own, and looks at that at the moment when all buckets are there. */
async function sealAndCopy(
  { headcount, dir }: WholeInstallation,
  sealKey: Uint8Array,
  stolen: Stolen,
  needles: readonly Needle[],
) {
  const scratchDir = path.join(dir, 'watched-scratch')
  const search = new NeedleSearch(needles)
  const seen = { found: [] as string[], control: false, files: 0 }
  let isCopied = false
  const sealed = await sealDay(day, sealKey, {
    ...{ ...headcount.engines, catalogue: headcount.catalogue, locate: () => '', scratchDir },
    onProgress: async ({ phase }) => {
      if (phase !== 'bounding' || isCopied) return
      isCopied = true
      seen.files += await copyHashes(scratchDir, stolen.hashes)
      seen.found.push(...(await scanFiles(search, scratchDir)).map(({ where, what }) => `${where}: ${what[0]}`))
    },
  })
  seen.found.push(...(await scanFiles(search, scratchDir)).map(({ where, what }) => `${where}: ${what[0]}`))
  const planted = path.join(scratchDir, 'planted')
  await writeFile(planted, Buffer.concat([Buffer.alloc(100, 1), needles[0]!.bytes]))
  seen.control = (await scanFiles(search, scratchDir)).length === 1
  await sealed.remove()
  return seen
}

/** @returns the number of files with a unit in them */
async function copyHashes(dir: string, hashes: Set<string>): Promise<number> {
  let files = 0
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.bucket')) continue
    const bytes = await readFile(path.join(entry.parentPath, entry.name))
    let at = 0
    for (let record = decodeHashed(bytes, at); record; record = decodeHashed(bytes, at)) {
      hashes.add(record.unit)
      at = record.next
    }
    files++
  }
  return files
}

/** Goes through the whole list. @returns how many of the stolen pseudonyms it has undone */
async function dictionary({ pseudonyms, hashes }: Stolen, keys: Keys, { trials, onProgress }: AttackTools) {
  const epoch = new KeyedHash(keys.epochKey)
  const seal = new KeyedHash(keys.sealKey)
  const found = { day: 0, seal: 0 }
  for (let number = 0; number < trials; number++) {
    const unit = unitOf(number)
    if (pseudonyms.has(pseudonymOf(unit, epoch))) found.day++
    if (hashes.has(hashOf(unit, seal))) found.seal++
    if (number % addressesPerTurn !== 0) continue
    onProgress(number)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return found
}

function pseudonymOf(unit: Unit, key: Uint8Array | KeyedHash): string {
  const keyed = key instanceof KeyedHash ? key : new KeyedHash(key)
  return new UnitPseudonyms(unit, { day: keyed, week: keyed, month: keyed }).inDataset(dataset, 'day') ?? ''
}

function hashOf({ kind, id }: Unit, key: Uint8Array | KeyedHash): string {
  const keyed = key instanceof KeyedHash ? key : new KeyedHash(key)
  return keyed.digestLatin1(`unit\0${kind}\0${id}`).slice(0, 16)
}

async function closeAndRelease(installation: WholeInstallation): Promise<void> {
  await installation.passTo('2026-11-22T08:00:00Z')
  const { ledger, worker } = installation.headcount
  await until(async () => {
    await worker.maintain()
    const isClosed = await worker.epochKeys.isClosed(`day:${day}`)
    return isClosed && (await ledger.state()).release(day, dataset)?.state === 'PUBLISHED'
  }, 60_000)
}

/** Any 32 bytes could be a key. Trying them on one sender that is known to be there settles it. */
async function guess({ dir }: WholeInstallation, stolen: Stolen, sender: Unit, keys: Keys) {
  const isHit = (epochKey: Uint8Array, sealKey: Uint8Array) =>
    stolen.pseudonyms.has(pseudonymOf(sender, epochKey)) || stolen.hashes.has(hashOf(sender, sealKey))
  const blank = Buffer.alloc(32)
  let tried = 0
  let hits = 0
  for (const entry of await readdir(path.join(dir, 'key-value'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const bytes = await readFile(path.join(entry.parentPath, entry.name))
    for (let at = 0; at + 32 <= bytes.length; at++) {
      const candidate = bytes.subarray(at, at + 32)
      // Keys are random: of 32 random bytes hardly ever less than 16 are different.
      if (new Set(candidate).size < 16) continue
      tried++
      if (isHit(candidate, candidate)) hits++
    }
  }
  return { tried, hits, control: isHit(keys.epochKey, blank) && isHit(blank, keys.sealKey) && tried > 100 }
}

/** The bytes of the destroyed keys in everything that there is, and in a file where they were put on purpose. */
async function findKeys(installation: WholeInstallation, keys: Keys) {
  const { dir, lines, headcount } = installation
  const search = new NeedleSearch([
    ...byteNeedles('the key of the day', Buffer.from(keys.epochKey)),
    ...byteNeedles('the key of the seal', Buffer.from(keys.sealKey)),
  ])
  const everywhere = async () => [
    ...(await scanFiles(search, dir)),
    ...(await scanRows(search, headcount.engines)),
    ...scanBytes(search, 'log lines', lines.join('\n')),
  ]
  const found = (await everywhere()).map(({ where, what }) => `${where}: ${what[0]}`)
  await writeFile(path.join(dir, 'planted-raw'), keys.epochKey)
  await writeFile(path.join(dir, 'planted-hex'), `{"key":"${Buffer.from(keys.sealKey).toString('hex')}"}`)
  lines.push(`{"msg":"${Buffer.from(keys.sealKey).toString('base64')}"}`)
  const control = (await everywhere()).length - found.length >= 3
  return { found, control }
}
