/** The desk of the installation that runs in this process. */
import type { KeyValue } from '../../shared/keyvalue/port.ts'
import type { EpochName } from '../../shared/window.ts'
import type { AccessLogFormat } from '../importer/access-log-line.ts'
import { type ImportDeps, LineImporter } from '../importer/import-lines.ts'
import type { NumberedLine } from '../importer/numbered-lines.ts'
import { readQuarantine } from '../worker/quarantine.ts'
import type { Worker } from '../worker/worker.ts'
import type { Desk } from './desk.ts'

export class LocalDesk implements Desk {
  readonly #importer: LineImporter
  readonly #worker: Worker
  readonly #keyValue: KeyValue

  private constructor(importer: LineImporter, worker: Worker, keyValue: KeyValue) {
    this.#importer = importer
    this.#worker = worker
    this.#keyValue = keyValue
  }

  static async open(deps: ImportDeps, worker: Worker): Promise<LocalDesk> {
    return new LocalDesk(await LineImporter.create(deps), worker, deps.keyValue)
  }

  append(lines: readonly NumberedLine[], format: AccessLogFormat, keepBots: boolean) {
    return this.#importer.append(lines, format, keepBots)
  }

  async progress(positions: Record<string, number>) {
    const reached = new Map(this.#worker.progress().map(({ partition, position }) => [String(partition), position]))
    const done = Object.entries(positions).every(([partition, position]) => (reached.get(partition) ?? 0) > position)
    return { done, tally: { ...this.#worker.importTally } }
  }

  async keys() {
    const rfc3339 = (time: number) => new Date(time).toISOString()
    const keys = await this.#worker.keyTimes()
    return keys.map(({ name, createdAt, closesAt, deadline }) => ({
      epoch: name,
      madeAt: rfc3339(createdAt),
      closesAt: rfc3339(closesAt),
      deadline: rfc3339(deadline),
    }))
  }

  close(epoch: EpochName) {
    return this.#worker.close(epoch)
  }

  quarantine() {
    return readQuarantine(this.#keyValue)
  }
}
