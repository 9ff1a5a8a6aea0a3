/** A running installation whose counts are looked at step by step: what each step added, and at the end that nothing else came. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  credentialsOf,
  type RunningHeadcount,
  removeDirectory,
  startProcess,
  temporaryDirectory,
  usage,
} from '../../fixtures/headcount-process.ts'

export type Counts = Record<string, number>
const waitMsMax = 60_000

export class Counting {
  readonly running: RunningHeadcount
  readonly dataDir: string
  readonly writeKey: string
  #known: Counts = {}

  private constructor(running: RunningHeadcount, dataDir: string, writeKey: string) {
    this.running = running
    this.dataDir = dataDir
    this.writeKey = writeKey
  }

  static async start(settings: Record<string, string> = {}): Promise<Counting> {
    const dataDir = await temporaryDirectory()
    const running = await startProcess(dataDir, { HEADCOUNT_K: '1', ...settings })
    return new Counting(running, dataDir, (await credentialsOf(dataDir)).writeKey)
  }

  /** Waits until at least so much has come since the last look, and says it is no more than that. */
  async added(wanted: Counts, what?: string): Promise<void> {
    const expected = sum(this.#known, wanted)
    const deadline = Date.now() + waitMsMax
    let counts = await this.#counts()
    while (total(counts) < total(expected) && Date.now() < deadline) {
      await sleep(100)
      counts = await this.#counts()
    }
    assert.deepEqual(counts, expected, what)
    this.#known = expected
  }

  /** Of a feature, over all days: as many as its largest day has. */
  async devices(feature: string): Promise<number> {
    const { rows } = await usage(
      this.running,
      this.dataDir,
      `dataset=feature_usage&by=feature&where=feature:${feature}`,
    )
    return Math.max(0, ...rows.map((row) => Number(row[3])))
  }

  async #counts(): Promise<Counts> {
    const { rows } = await usage(this.running, this.dataDir, 'dataset=feature_usage&by=feature&metrics=events')
    return rows.reduce<Counts>((counts, row) => sum(counts, { [String(row[1])]: Number(row[2]) }), {})
  }

  async remove(): Promise<void> {
    await this.running.stop()
    await removeDirectory(this.dataDir)
  }
}

function sum(one: Counts, other: Counts): Counts {
  const all = { ...one }
  for (const [feature, events] of Object.entries(other)) all[feature] = (all[feature] ?? 0) + events
  return all
}

function total(counts: Counts): number {
  return Object.values(counts).reduce((all, events) => all + events, 0)
}
