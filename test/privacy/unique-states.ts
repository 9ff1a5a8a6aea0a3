/** What of a window tells devices apart: its unique states. */
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { type EpochKind, epochKinds } from '../../shared/window.ts'
import { byteNeedles, type Needle } from './canary.ts'

/** Of a state of one device: version, number of entries, and then the pseudonym's 64-bit hash. */
const entryStartHex = 4

/** The stored form of the pseudonym of every cell of one device, by the kind of epoch whose key it was made with. */
export async function lonelyDevices(warehouse: Warehouse): Promise<Record<EpochKind, Needle[]>> {
  const rows = await warehouse.select<{ grain: string; stored: string }>(
    `SELECT DISTINCT grain, hex(state) AS stored FROM cells WHERE stage = 'open' AND finalizeAggregation(state) = 1`,
  )
  const ofKind = (kind: EpochKind) =>
    rows.filter(({ grain }) => (grain === 'week' || grain === 'month' ? grain === kind : kind === 'day'))
  return Object.fromEntries(
    epochKinds.map((kind) => {
      const entries = new Set(ofKind(kind).map(({ stored }) => stored.slice(entryStartHex)))
      const needles = [...entries].flatMap((entry) =>
        byteNeedles(`a ${kind} pseudonym's entry`, Buffer.from(entry, 'hex')),
      )
      return [kind, needles]
    }),
  ) as Record<EpochKind, Needle[]>
}

/** A pseudonym as a number in text and as the eight bytes of a UInt64. */
export function pseudonymNeedles(pseudonyms: Iterable<string>): Needle[] {
  return [...pseudonyms].flatMap((decimal) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(decimal))
    // A short number meets by chance; of 48 random bits hardly any is.
    const text = decimal.length < 12 ? [] : [{ what: 'a pseudonym in decimal', bytes: Buffer.from(decimal) }]
    return [...text, { what: 'a pseudonym as UInt64', bytes }]
  })
}

/** Rows that hold a state or are open, in windows that match. */
export async function rowsWithStates(warehouse: Warehouse, windows: string): Promise<string> {
  const [row] = await warehouse.select<{ cells: string }>(
    `SELECT count() AS cells FROM cells WHERE (${windows}) AND (stage = 'open' OR finalizeAggregation(state) > 0)`,
  )
  return row?.cells ?? ''
}
