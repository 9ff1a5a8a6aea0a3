/** A few canaries in a whole installation, and a look at every place where one could be left. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { until } from '../fixtures/until.ts'
import { askEverything } from './answers.ts'
import type { Needle } from './canary.ts'
import { NeedleSearch } from './needle-search.ts'
import { type Finding, rawLogFolder, scanBytes, scanFiles, scanRawLog, scanRows } from './scan.ts'
import { WholeInstallation } from './whole-installation.ts'

/** When what came at the start of an installation's time has gone: 72 h + 2 h. */
const afterRetention = '2026-11-23T14:00:30Z'

export class CanaryScene {
  readonly world: WholeInstallation
  readonly #search: NeedleSearch
  readonly #startedAt: number
  /** What the collector has answered so far, headers and all. */
  readonly answers: string[] = []

  private constructor(world: WholeInstallation, needles: readonly Needle[]) {
    this.world = world
    this.#search = new NeedleSearch(needles)
    this.#startedAt = world.clock.now()
  }

  static async start(needles: readonly Needle[], settings: Record<string, string> = {}): Promise<CanaryScene> {
    return new CanaryScene(await WholeInstallation.start(undefined, settings), needles)
  }

  /** One event with the members given. @throws AssertionError when it is not taken */
  async send(members: object, headers: Record<string, string> = {}): Promise<void> {
    const { collectorUrl, credentials } = this.world.headcount
    const event = { id: `e-${this.answers.length}`, time: new Date(this.world.clock.now()).toISOString(), ...members }
    const response = await fetch(`${collectorUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credentials.writeKey}`, ...headers },
      body: JSON.stringify({ events: [{ feature: 'services', ...event }] }),
    })
    const body = await response.text()
    this.answers.push(`${[...response.headers].join('\n')}\n${body}`)
    assert.equal((JSON.parse(body) as { accepted: number }).accepted, 1, body)
  }

  /** Where it is in the raw log: as decoded records, or as bytes of its files. */
  async inRawLog(): Promise<string[]> {
    const dir = path.join(this.world.dir, rawLogFolder)
    return places([...(await scanRawLog(this.#search, dir)), ...(await scanFiles(this.#search, dir))])
  }

  /** Goes to a moment past its time, and goes on with the upkeep until the raw log has it no more. */
  async passRetention(moment = afterRetention): Promise<void> {
    await this.world.passTo(moment)
    await until(async () => {
      await this.world.headcount.worker.maintain()
      return (await this.inRawLog()).length === 0
    })
  }

  /** Where else it is kept: in files, rows, entries and log lines. */
  async elsewhere(): Promise<string[]> {
    const { headcount, dir, lines } = this.world
    return places([
      ...(await scanFiles(this.#search, dir, [rawLogFolder])),
      ...(await scanRows(this.#search, headcount.engines)),
      ...scanBytes(this.#search, 'a log line', lines.join('\n')),
    ])
  }

  /** Which answers have it: the collector's own, every page and metric, and usage by day. */
  async inAnswers(): Promise<string[]> {
    const asked = await askEverything(this.world.headcount, this.#startedAt, ['day'])
    assert.ok(asked.some(({ text }) => text.includes('"services"')))
    return places([
      ...scanBytes(this.#search, 'an answer of the collector', this.answers.join('\n')),
      ...asked.flatMap(({ where, text }) => scanBytes(this.#search, where, text)),
    ])
  }

  /** Puts the text into the key-value store and among the log lines, past their guards: what a look that works finds. */
  async plant(text: string): Promise<void> {
    await this.world.headcount.engines.keyValue.put('planted', Buffer.from(text))
    this.world.lines.push(`{"msg":"planted","seen":"${text}"}`)
  }

  remove(): Promise<void> {
    return this.world.remove()
  }
}

function places(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ where }) => where))]
}
