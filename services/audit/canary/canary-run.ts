/** Canaries sent in, followed through the event log and the workers, and cleared up: what the lines of an audit look at. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { Credentials } from '../../../shared/credentials.ts'
import { allProgress } from '../../worker/shared-progress.ts'
import type { Doors } from '../scene.ts'
import type { Stores } from '../stores/stores.ts'
import { type Canaries, CanarySearch, makeCanaries, neverKept } from './canaries.ts'
import { findInLog, type SeenRecord } from './places.ts'
import { type Answer, post, type SentTo, sendCanaries, sendUnwanted } from './send-canaries.ts'

const pollMs = 100
const countedMsMax = 30_000

export interface CanaryRun {
  readonly canaries: Canaries
  readonly search: CanarySearch
  /** Of everything that was sent. */
  readonly answers: readonly Answer[]
  /** The answer to the opt-out of one canary. */
  readonly optOut: Answer
  /** Records of the event log that have something of a canary. */
  readonly inLog: readonly SeenRecord[]
  /** Whether the workers have been past all of them, by what they tell. */
  readonly isCounted: boolean
  /** Totals of declined requests and events before and after, by signal, over all collectors that were asked. */
  readonly declined: { readonly before: ReadonlyMap<string, number>; readonly after: ReadonlyMap<string, number> }
}

export interface CanaryTools {
  readonly stores: Stores
  readonly doors: Doors
  readonly credentials: Credentials
  readonly catalogue: Catalogue
}

/** @throws Error when a collector cannot be reached */
export async function runCanaries(tools: CanaryTools): Promise<CanaryRun> {
  const { stores, doors, credentials, catalogue } = tools
  const [collectorUrl = ''] = doors.collectors
  const to: SentTo = { collectorUrl, writeKey: credentials.writeKey, catalogue }
  const canaries = makeCanaries()
  const search = new CanarySearch(canaries)
  const histories = await stores.log.history()
  try {
    const ends = await Promise.all(
      histories.map(async (history) => [history.partition, (await history.bounds()).end] as const),
    )
    const before = await readDeclined(tools)
    const wish = JSON.stringify({ choice: 'opt-out', device: canaries['opted-out'] })
    const optOut = await post(to, '/v1/privacy/choice', wish)
    const answers = [...(await sendUnwanted(to, canaries)), ...(await sendCanaries(to, canaries))]
    const inLog = await findInLog(search, histories, new Map(ends))
    const isCounted = await areCounted(tools, inLog)
    const after = await readDeclined(tools)
    return { canaries, search, answers, optOut, inLog, isCounted, declined: { before, after } }
  } finally {
    for (const history of histories) await history.close()
  }
}

/** Kinds of canaries in the log that must not even be there. */
export function wronglyInLog({ canaries, inLog }: CanaryRun): string[] {
  return neverKept.filter((kind) => inLog.some(({ text }) => text.includes(canaries[kind])))
}

async function areCounted({ stores }: CanaryTools, inLog: readonly SeenRecord[]): Promise<boolean> {
  const deadline = performance.now() + countedMsMax
  for (;;) {
    const told = await allProgress(stores.keyValue, stores.log.logId)
    const reached = new Map(told.map(({ partition, position }) => [partition, position]))
    if (inLog.every(({ partition, position }) => (reached.get(partition) ?? 0) > position)) return true
    if (performance.now() > deadline) return false
    await sleep(pollMs)
  }
}

async function readDeclined({ doors, credentials }: CanaryTools): Promise<Map<string, number>> {
  const totals = new Map<string, number>()
  for (const url of doors.collectors) {
    const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${credentials.adminToken}` } })
    for (const [, signal = '', value] of (await answer.text()).matchAll(
      /^headcount_events_declined_total\{signal="([\w-]+)"\} (\d+)/gm,
    ))
      totals.set(signal, (totals.get(signal) ?? 0) + Number(value))
  }
  return totals
}
