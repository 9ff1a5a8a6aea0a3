/**
 * Controls: a ledger without any of the safeguards. It takes whatever it is given, and with a mutation it forgets in a
 * crash what it should not: what the campaign says of a sealing that relies on such a one shows what its checks are worth.
 */
import { type Fraction, parseFraction, sum, zero } from '../../../shared/fraction.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { chainEvents, emptyHead } from '../../../shared/ledger/chain.ts'
import type { Ledger, LedgerEntry, LedgerEvent, LedgerState, ReleaseState } from '../../../shared/ledger/port.ts'

export const sealMutations = ['forget-reserved', 'forget-sealed'] as const
export type SealMutation = (typeof sealMutations)[number]

const key = 'loose-ledger'

export async function openLooseLedger(keyValue: KeyValue, mutation: SealMutation, now: string): Promise<Ledger> {
  const read = async () => JSON.parse((await keyValue.get(key))?.toString() ?? '[]') as LedgerEntry[]
  const born = await read()
  // What this process has written itself it does not forget.
  const stateOf = (entries: readonly LedgerEntry[]) =>
    looseState(entries, (index) => index >= born.length || entries[index]?.event.kind !== forgotten[mutation])
  let last: Promise<unknown> = Promise.resolve()
  const ledger: Ledger = {
    state: async () => stateOf(await read()),
    append(decide) {
      const done = last.then(async () => {
        const entries = await read()
        const { events, result } = decide(stateOf(entries))
        const { seq = -1, hash = emptyHead.hash } = entries.at(-1) ?? {}
        const begun: LedgerEvent[] = seq < 0 ? [{ kind: 'ledger.begun', id: 'loose' }] : []
        const more = chainEvents({ seq, hash }, now, [...begun, ...events])
        if (more.length > 0) await keyValue.put(key, Buffer.from(JSON.stringify([...entries, ...more])))
        return result
      })
      last = done.catch(() => undefined)
      return done
    },
    async *entries(from = 0, before = Number.POSITIVE_INFINITY) {
      yield* (await read()).filter(({ seq }) => seq >= from && seq < before)
    },
  }
  return ledger
}

const forgotten: Record<SealMutation, LedgerEvent['kind']> = {
  'forget-reserved': 'budget.reserved',
  'forget-sealed': 'release.sealed',
}

function looseState(entries: readonly LedgerEntry[], isKnown: (index: number) => boolean): LedgerState {
  const releases = new Map<string, ReleaseState>()
  const spent: { day: string; rho: Fraction }[] = []
  for (const [index, { event, at }] of entries.entries()) {
    if (!isKnown(index) || !('dataset' in event) || event.kind === 'partner.read') continue
    const place = `${event.day} ${event.dataset}`
    const known = releases.get(place)
    const blank = { specification: '', rho: zero, delta: zero }
    const { day, dataset } = event
    if (event.kind === 'budget.reserved') {
      const rho = parseFraction(event.rho) ?? zero
      const delta = parseFraction(event.delta) ?? zero
      spent.push({ day, rho })
      releases.set(place, { day, dataset, state: 'RESERVED', specification: event.specification, rho, delta })
    } else if (event.kind === 'release.sealed') {
      const { sha256, rows, publishAt } = event
      releases.set(place, { ...blank, ...known, day, dataset, state: 'SEALED', sha256, rows, publishAt })
    } else {
      const { sha256 } = event
      releases.set(place, { ...blank, ...known, day, dataset, state: 'PUBLISHED', sha256, publishedAt: at })
    }
  }
  const { seq = -1, hash = emptyHead.hash } = entries.at(-1) ?? {}
  return {
    head: { seq, hash },
    release: (day, dataset) => releases.get(`${day} ${dataset}`),
    releases: () => [...releases.values()],
    spent: (day) => sum(spent.filter((one) => one.day === day).map(({ rho }) => rho)),
    isUnsealed: () => false,
    partners: () => [],
    partnerOfKey: () => undefined,
    holds: () => [],
    policies: () => [],
    hasDeletion: () => false,
  }
}
