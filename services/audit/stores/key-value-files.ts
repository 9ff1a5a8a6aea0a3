/**
 * The key-value store of a data folder, read beside the process that has it: LMDB lets any number of processes read at
 * once, and names and times of secrets are in their files' names and heads.
 */
import path from 'node:path'
import { open } from 'lmdb'
import type { Clock } from '../../../shared/clock.ts'
import type { KeyValue } from '../../../shared/keyvalue/port.ts'
import { SecretFiles } from '../../../shared/keyvalue/secret-files.ts'
import { refuseToWrite } from './stores.ts'

/** As in shared/keyvalue/embedded.ts. */
const expiryBytes = 8
const binary = { encoding: 'binary', keyEncoding: 'binary' } as const

/** @throws Error when there is no store in `dir` */
export function openKeyValueFiles(dir: string, clock: Clock): KeyValue {
  const root = open<Buffer, Buffer>({ path: path.join(dir, 'values'), readOnly: true, ...binary })
  const values = root.openDB<Buffer, Buffer>('values', binary)
  const living = (stored: Buffer): Buffer | undefined =>
    stored.readBigUInt64BE(0) <= BigInt(clock.now()) ? undefined : Buffer.from(stored.subarray(expiryBytes))
  // Not opened as the store opens it, which finishes what a crash interrupted.
  const files = new SecretFiles(path.join(dir, 'secrets'), clock)
  return {
    async get(key) {
      const stored = values.get(Buffer.from(key, 'utf8'))
      return stored && living(stored)
    },
    async *scan(prefix) {
      const start = Buffer.from(prefix, 'utf8')
      for (const { key, value } of values.getRange({ start, snapshot: true })) {
        if (!key.subarray(0, start.length).equals(start)) return
        const found = living(value)
        if (found) yield [key.toString('utf8'), found]
      }
    },
    secrets: {
      list: () => files.list(),
      isDestroyed: (name) => files.isDestroyed(name),
      read: refuseToWrite,
      createOnce: refuseToWrite,
      destroy: refuseToWrite,
    },
    put: refuseToWrite,
    putIfAbsent: refuseToWrite,
    compareAndSet: refuseToWrite,
    delete: refuseToWrite,
    sweep: refuseToWrite,
    close: () => root.close(),
  }
}
