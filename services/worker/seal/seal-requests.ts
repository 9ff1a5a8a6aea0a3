/** What operators ask of the sealing job, and what it tells them, through the key-value store: they may be other processes. */
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { sealRequestMs } from '../../../shared/retention/limits.ts'
import type { SealProgress } from './seal-day.ts'

const requestPrefix = 'release-request/'
const statePrefix = 'seal-state/'
const ttlMs = sealRequestMs

export type SealState =
  | ({ state: 'running' } & Pick<SealProgress, 'phase' | 'done' | 'total'>)
  | { state: 'refused'; why: string }

/** Asks for a day to be released, and published without waiting. */
export async function askForRelease(keyValue: KeyValue, day: string): Promise<void> {
  await keyValue.putIfAbsent(requestPrefix + day, Buffer.from('1'), { ttlMs })
}

export async function askedFor(keyValue: KeyValue, day: string): Promise<boolean> {
  return (await keyValue.get(requestPrefix + day)) !== undefined
}

export async function forgetRequest(keyValue: KeyValue, day: string): Promise<void> {
  await keyValue.delete(requestPrefix + day)
}

/** @param state undefined: nothing is going on any more */
export async function tellSeal(keyValue: KeyValue, day: string, state: SealState | undefined): Promise<void> {
  if (state === undefined) await keyValue.delete(statePrefix + day)
  else await keyValue.put(statePrefix + day, Buffer.from(JSON.stringify(state)), { ttlMs })
}

export async function readSeal(keyValue: KeyValue, day: string): Promise<SealState | undefined> {
  const found = await keyValue.get(statePrefix + day)
  return found && (JSON.parse(found.toString()) as SealState)
}
