/** What a round must have counted, device by device, and where it has counted otherwise. */

import { smallestPublishedSum } from '../../../services/release/dominance.ts'
import { specificationsOf } from '../../../services/release/specification.ts'
import { catalogue, devices, groupOf, groups, unitEventsMax } from './deletion-world.ts'
import type { Acknowledged, RoundHistory } from './history.ts'
import type { Final, FinalChoice, FinalRecord } from './told.ts'

/** At least and at most so many; both where something was on its way just when somebody chose. */
interface Range {
  least: number
  most: number
}

export interface Verdict {
  readonly mistakes: readonly string[]
  readonly records: number
  readonly events: number
  readonly choices: number
  /** Devices in the release. */
  readonly released: number
  /** Events in its sums that are not withheld. */
  readonly releasedEvents: number
  /** Events that were in no table, and those in no release, because of a choice. */
  readonly cutFromTables: number
  readonly cutFromReleases: number
  /** Events that could be in a table or not. */
  readonly undecided: number
}

/** A group of fewer devices is in no release, without noise. */
const publishedFrom = Math.max(
  ...specificationsOf(catalogue).map(({ levels, k }) => Number(levels[0]?.threshold) + k - 1),
)
/** A sum below it is withheld: it could be mostly one or two devices'. */
const sumFrom = Math.max(
  ...specificationsOf(catalogue).flatMap(({ levels }) =>
    levels.flatMap(({ sums }) => sums.map((sum) => Number(smallestPublishedSum(sum)))),
  ),
)

export function verdictOf(final: Final, history: RoundHistory): Verdict {
  const events = eventsOf(final)
  const mistakes = [
    ...tableMistakes(events, final, history),
    ...releaseMistakes(events, final, history),
    ...ledgerMistakes(final),
  ]
  const tables = events.map((one) => inTables(one, history))
  const releases = events.map((one) => inRelease(one, history))
  return {
    mistakes,
    records: final.records.length,
    events: events.length,
    choices: final.choices.length,
    released: final.released.reduce((all, one) => all + one.devices, 0),
    releasedEvents: final.released.reduce((all, one) => all + (one.events ?? 0), 0),
    cutFromTables: tables.filter(({ most }) => most === 0).length,
    cutFromReleases: releases.filter(({ most }) => most === 0).length,
    undecided: tables.filter(({ least, most }) => least !== most).length,
  }
}

/** One event, at the place where it came first, and the first choice that cuts it. */
interface Event {
  readonly device: number
  readonly record: FinalRecord
  readonly cut: readonly FinalChoice[]
}

function eventsOf({ records, choices }: Final): Event[] {
  const first = new Map<string, FinalRecord>()
  for (const record of [...records].sort((a, b) => a.position - b.position))
    for (const id of record.ids) if (!first.has(`${record.device} ${id}`)) first.set(`${record.device} ${id}`, record)
  return [...first.values()].map((record) => ({
    ...{ device: record.device, record },
    cut: choices.filter((choice) => choice.device === record.device && isCutBy(record, choice, choices)),
  }))
}

/** An opt-out cuts everything, but what comes after the opt-in that followed it; a deletion what was there until then. */
function isCutBy({ receivedAt, appendedAt }: FinalRecord, choice: FinalChoice, all: readonly FinalChoice[]): boolean {
  if (choice.act === 'opt-in') return false
  const optIn = all.find(({ device, act, at }) => device === choice.device && act === 'opt-in' && at > choice.at)
  const until = choice.act === 'deletion' ? choice.at : (optIn?.at ?? Number.POSITIVE_INFINITY)
  return receivedAt <= until || appendedAt <= until
}

const certainly = { least: 1, most: 1 }
const never = { least: 0, most: 0 }
const perhaps = { least: 0, most: 1 }

/** What is stored stays; what is not, at the acknowledgement of a choice that cuts it, is never stored. */
function inTables({ record, cut }: Event, history: RoundHistory): Range {
  let range: Range = certainly
  for (const choice of cut) {
    const acknowledged = history.acknowledged(choice.id)
    if (!acknowledged) range = perhaps
    else if (!isIn(record, acknowledged.onItsWay)) return never
    else if (!isIn(record, acknowledged.stored)) range = perhaps
  }
  return range
}

function inRelease({ cut }: Event, history: RoundHistory): Range {
  const heeded = cut.some(({ id }) => {
    const acknowledged = history.acknowledged(id)
    return acknowledged !== undefined && history.isBeforeRelease(acknowledged)
  })
  if (heeded) return never
  return cut.length > 0 ? perhaps : certainly
}

function isIn({ partition, position }: FinalRecord, before: Acknowledged['stored']): boolean {
  return position < (before[partition] ?? 0)
}

function sum(ranges: readonly Range[]): Range {
  return ranges.reduce(({ least, most }, one) => ({ least: least + one.least, most: most + one.most }), never)
}

function atMost({ least, most }: Range, max: number): Range {
  return { least: Math.min(max, least), most: Math.min(max, most) }
}

function tableMistakes(events: readonly Event[], { cells }: Final, history: RoundHistory): string[] {
  const mistakes: string[] = []
  for (let device = 0; device < devices; device++) {
    const { least, most } = sum(events.filter((one) => one.device === device).map((one) => inTables(one, history)))
    for (const grain of ['hour', 'day']) {
      const found = cells.filter((cell) => cell.device === device && cell.grain === grain)
      const counted = found.reduce((total, cell) => total + cell.events, 0)
      if (counted < least || counted > most)
        mistakes.push(`device ${device}: ${counted} events in its ${grain}, not ${from(least, most)}`)
      if (grain === 'day' && found.some((cell) => cell.devices !== 1))
        mistakes.push(`device ${device} is not one device`)
    }
  }
  return mistakes
}

function releaseMistakes(events: readonly Event[], { released }: Final, history: RoundHistory): string[] {
  const mistakes: string[] = []
  for (const group of Array.from({ length: groups }, (_, index) => `g${index}`)) {
    const ofGroup = events.filter(({ device }) => groupOf(device) === group)
    const units = [...new Set(ofGroup.map(({ device }) => device))].map((device) =>
      sum(ofGroup.filter((one) => one.device === device).map((one) => inRelease(one, history))),
    )
    const expected = {
      devices: sum(units.map((unit) => atMost(unit, 1))),
      events: sum(units.map((unit) => atMost(unit, unitEventsMax))),
    }
    const found = released.find((row) => row.group === group)
    if (!found) {
      if (expected.devices.least >= publishedFrom) mistakes.push(`the release has nothing of ${group}`)
      continue
    }
    for (const what of ['devices', 'events'] as const) {
      const { least, most } = expected[what]
      const value = found[what]
      if (value === undefined) {
        if (least >= sumFrom) mistakes.push(`the release withholds the ${what} of ${group}, ${from(least, most)}`)
      } else if (value < least || value > most)
        mistakes.push(`the release has ${value} ${what} of ${group}, not ${from(least, most)}`)
    }
  }
  return mistakes
}

function ledgerMistakes({ choices, entered }: Final): string[] {
  const deletions = choices.filter(({ act }) => act === 'deletion').map(({ id }) => id)
  return [...new Set([...deletions, ...entered])].flatMap((id) => {
    const [made, times] = [deletions.includes(id), entered.filter((one) => one === id).length]
    return made && times === 1
      ? []
      : [`the ledger has deletion ${id} ${times} times${made ? '' : ', and nobody made it'}`]
  })
}

function from(least: number, most: number): string {
  return least === most ? String(least) : `${least} to ${most}`
}
