import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnitGroups } from '../../../services/collector/unit-groups.ts'
import { decodeRecord, encodeRecord, type SentEvent, type Unit } from '../../../shared/event.ts'

const sender = {
  receivedAt: 1_795_400_000_000,
  ip: '192.0.2.1',
  userAgent: 'curl/8 "ü"',
  route: 'node',
  cookie: undefined,
} as const

for (const isAscii of [false, true]) {
  test(`records are byte for byte what encodeRecord makes (${isAscii ? 'ASCII' : 'any'} text)`, () => {
    const who = isAscii ? { ...sender, userAgent: 'curl/8 "x"' } : sender
    const groups = new UnitGroups(who, isAscii)
    const units: Unit[] = [
      { kind: 'device', id: isAscii ? 'd1' : 'd\u2028"é' },
      { kind: 'cookie', id: 'c1' },
      { kind: 'address', id: `${who.ip}\0${who.userAgent}` },
    ]
    const times = [0, 5, 999, 1000, 1_795_400_000_007, 253_402_300_799_999]
    const events: SentEvent[] = times.map((time) => ({
      id: `e${time}`,
      time,
      feature: 'services',
      fields: { agents: 3 },
    }))
    for (const event of events)
      for (const { kind, id } of units)
        (kind === 'address' ? groups.recordOfSender() : groups.recordOf(kind, id)).add(
          JSON.stringify(event.id),
          event.time,
          JSON.stringify(event.feature),
          JSON.stringify(event.fields),
        )
    const { cookie: __, ...common } = who
    assert.deepEqual(
      groups.records.map((record) => record.bytes().toString()),
      units.map((unit) => encodeRecord({ ...common, unit, events }).toString()),
    )
    assert.deepEqual(
      groups.records.map((record) => decodeRecord(record.bytes())?.unit),
      units,
    )
  })
}
