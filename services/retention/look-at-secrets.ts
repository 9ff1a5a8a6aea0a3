/** Living keys: names and times, never bytes. */
import { EpochKeys } from '../../shared/epoch-keys.ts'
import { epochKeyMs, eventIdsMs } from '../../shared/retention/limits.ts'
import { dayMs, epochKinds } from '../../shared/window.ts'
import { epochTimes } from '../worker/close-epochs.ts'
import { type KeptNow, type LookTools, oldestOf, until } from './kept-now.ts'

export async function lookAtSecrets({ keyValue }: LookTools): Promise<KeptNow[]> {
  const times = await epochTimes({ epochKeys: new EpochKeys(keyValue.secrets), keyValue })
  const names = (await keyValue.secrets.list()).map(({ name }) => name)
  const epochKeys = epochKinds.map((kind) => {
    const ofKind = times.filter(({ name }) => name.startsWith(`${kind}:`))
    const goesAt = oldestOf(ofKind.map(({ deadline }) => deadline))
    return {
      kind: `epoch-keys-${kind}`,
      items: ofKind.length,
      ...(goesAt !== undefined && { goesAt, oldestAt: goesAt - epochKeyMs }),
    }
  })
  return [
    ...epochKeys,
    ofDays('event-id-keys', names, 'ids/', eventIdsMs),
    ofDays('seal-keys', names, 'seal/', epochKeyMs),
    { kind: 'link-key', items: names.filter((name) => name === 'partner-links').length },
  ]
}

function ofDays(kind: string, names: readonly string[], prefix: string, keptMs: number): KeptNow {
  const days = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
  const ends = days.map((day) => Date.parse(`${day}T00:00:00Z`) + dayMs)
  return { kind, items: days.length, ...until(oldestOf(ends), keptMs) }
}
