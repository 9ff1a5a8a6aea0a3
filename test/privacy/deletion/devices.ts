/** Devices that send, and those of them that choose. Everything follows from the seed but who is caught in a batch. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../../services/command-line/demo-random.ts'
import type { ChoiceBook } from '../../../shared/choices/choice-book.ts'
import type { ChoiceAct } from '../../../shared/choices/port.ts'
import type { ManualClock } from '../../../shared/clock.ts'
import { decodeRecord, encodeRecord, eventsOf, type SentRecord } from '../../../shared/event.ts'
import type { EventLog } from '../../../shared/eventlog/port.ts'
import { devices, groupOf, isChooser, partitions, readLog } from './deletion-world.ts'

/** The newest of them are in no table yet, most likely. */
const recentMax = 4
const pauseMsMax = 12
const recordsMax = 6
const eventsMax = 4
const withChoiceEvery = 5
const repeatChance = 0.2
/** Mostly of just now; at the beginning of a life, of the life before. */
const repeatedMax = 20

export const nameOf = (device: number): string => `device-${device}`
export const deviceOf = (name: string): number => Number(name.split('-')[1])

export class Choosers {
  readonly #book: ChoiceBook
  readonly #clock: ManualClock
  readonly #random: Random
  readonly #recent: number[] = []

  constructor(book: ChoiceBook, clock: ManualClock, random: Random) {
    this.#book = book
    this.#clock = clock
    this.#random = random
  }

  sent(device: number): void {
    if (!isChooser(device)) return
    this.#recent.push(device)
    if (this.#recent.length > recentMax) this.#recent.shift()
  }

  /** One that sent something just now, and has not chosen before if there is such a one. */
  async choose(): Promise<void> {
    const all = Array.from({ length: devices }, (_, device) => device).filter(isChooser)
    const isNew = (device: number) => this.#historyOf(device).length === 0
    const lots = [this.#recent.filter(isNew), all.filter(isNew), all].find((some) => some.length > 0) as number[]
    const device = this.#random.pick(lots)
    this.#clock.advance(1)
    const subject = this.#book.subjectOf('device', nameOf(device))
    await this.#book.log.append({ subject, act: this.#actOf(device), by: 'owner', policy: '1' })
  }

  #actOf(device: number): ChoiceAct {
    if (this.#historyOf(device).at(-1)?.act === 'opt-out') return this.#random.pick(['opt-in', 'deletion'])
    return this.#random.pick(['deletion', 'deletion', 'opt-out'])
  }

  #historyOf(device: number) {
    return this.#book.log.choices.history(this.#book.subjectOf('device', nameOf(device)))
  }
}

export class Sending {
  readonly #log: Pick<EventLog, 'append'>
  readonly #choosers: Choosers
  readonly #clock: ManualClock
  readonly #random: Random
  readonly #before: SentRecord[] = []

  constructor(log: Pick<EventLog, 'append'>, choosers: Choosers, clock: ManualClock, random: Random) {
    this.#log = log
    this.#choosers = choosers
    this.#clock = clock
    this.#random = random
  }

  /** What lives before this one have sent is sent again, too, and those who sent it may choose. */
  async remember(log: EventLog): Promise<void> {
    for (const { record } of await readLog(log)) {
      const decoded = decodeRecord(record.value)
      if (!decoded) continue
      const device = deviceOf(decoded.unit.id)
      if (isChooser(device)) this.#choosers.sent(device)
      else this.#before.push({ ...decoded, events: eventsOf(decoded) })
    }
  }

  async send(requests: number): Promise<void> {
    for (let request = 1; request <= requests; request++) {
      this.#clock.advance(1)
      const records = Array.from({ length: this.#random.integer(1, recordsMax) }, () => this.#record())
      for (const { device } of records) this.#choosers.sent(device)
      await this.#log.append(
        records.map(({ device, record }) => ({ partition: device % partitions, value: encodeRecord(record) })),
      )
      if (request % withChoiceEvery === 0) await this.#choosers.choose()
      await sleep(this.#random.integer(0, pauseMsMax))
    }
  }

  #record(): { device: number; record: SentRecord } {
    // With the same ids: it counts once.
    if (this.#before.length > 0 && this.#random.chance(repeatChance)) {
      const old = this.#random.pick(this.#before.slice(-repeatedMax))
      return { device: deviceOf(old.unit.id), record: { ...old, receivedAt: this.#clock.now() } }
    }
    const device = this.#random.integer(0, devices - 1)
    const time = this.#clock.now()
    const fields = { number: String(device), group: groupOf(device) }
    const events = Array.from({ length: this.#random.integer(1, eventsMax) }, (_, event) => ({
      ...{ id: `${time}-${this.#random.integer(0, 1e9)}-${event}`, time, feature: 'a', fields },
    }))
    const unit = { kind: 'device', id: nameOf(device) } as const
    const record: SentRecord = { receivedAt: time, route: 'node', ip: '192.0.2.1', userAgent: 'a/1', unit, events }
    if (!isChooser(device)) this.#before.push(record)
    return { device, record }
  }
}
