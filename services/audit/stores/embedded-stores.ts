/** The stores of a data folder, whether or not a process runs on it. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { readChoiceFile } from '../../../shared/choices/embedded.ts'
import type { Clock } from '../../../shared/clock.ts'
import { makeDirectory } from '../../../shared/durable-file.ts'
import type { Warehouse } from '../../../shared/warehouse/port.ts'
import { ForeseenError } from '../../start-failure.ts'
import { openKeyValueFiles } from './key-value-files.ts'
import { openLogFiles } from './log-files.ts'
import type { Stores } from './stores.ts'
import { linkTables, openLinkedTables } from './warehouse-copy.ts'

/** In the folder for what may be thrown away, and so on the same file system as the tables. */
const copyPrefix = 'audit-'

/** @throws ForeseenError when `dataDir` has no installation */
export async function openEmbeddedStores(dataDir: string, clock: Clock): Promise<Stores> {
  const log = await openLogFiles(path.join(dataDir, 'event-log')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    throw new ForeseenError(`${dataDir} has no installation: start one with \`npm start\`, or set HEADCOUNT_DATA_DIR`)
  })
  const keyValue = openKeyValueFiles(path.join(dataDir, 'key-value'), clock)
  const copy = new TablesCopy(path.join(dataDir, 'warehouse'), path.join(dataDir, 'scratch'))
  return {
    engines: 'embedded',
    where: dataDir,
    log,
    keyValue,
    dataDir,
    tables: () => copy.open(),
    choices: () => readChoiceFile(path.join(dataDir, 'choices')),
    unknownTopics: async () => [],
    async close() {
      await copy.remove()
      await keyValue.close()
    },
  }
}

class TablesCopy {
  readonly #from: string
  readonly #scratch: string
  #dir: string | undefined
  #opened: Promise<Warehouse> | undefined

  constructor(from: string, scratch: string) {
    this.#from = from
    this.#scratch = scratch
  }

  open(): Promise<Warehouse> {
    this.#opened ??= this.#make()
    return this.#opened
  }

  async remove(): Promise<void> {
    await this.#opened?.then(
      (warehouse) => warehouse.close(),
      () => undefined,
    )
    if (this.#dir !== undefined) await rm(this.#dir, { recursive: true, force: true })
  }

  async #make(): Promise<Warehouse> {
    await makeDirectory(this.#scratch)
    await this.#removeLeftOver()
    this.#dir = await mkdtemp(path.join(this.#scratch, copyPrefix))
    const tables = path.join(this.#dir, 'warehouse')
    await linkTables(this.#from, tables)
    return await openLinkedTables(tables)
  }

  /** Of an audit that was killed: its links would keep what the installation has removed since. */
  async #removeLeftOver(): Promise<void> {
    for (const name of await readdir(this.#scratch))
      if (name.startsWith(copyPrefix)) await rm(path.join(this.#scratch, name), { recursive: true, force: true })
  }
}
