/**
 * What a consumer committed in one partition: position, metadata and assignment epoch, in one file with two slots that
 * are written in turn. A write that a crash tears spoils one slot only; the other holds the commit before it.
 */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { readFully, writeFully } from '../durable-file.ts'
import { InTurn } from '../in-turn.ts'

export const metadataBytesMax = 1024
/** A page each, so that one torn page cannot hold both. */
export const slotBytes = 4096
const headerBytes = 24

export interface Commit {
  /** Undefined as long as nothing was committed. */
  position: number | undefined
  metadata: string
  epoch: number
}

export class CommitFile {
  readonly #handle: FileHandle
  readonly #turns = new InTurn()
  readonly #fsync: boolean
  #sequence: number
  #current: Commit

  private constructor(handle: FileHandle, fsync: boolean, newest: { sequence: number; commit: Commit } | undefined) {
    this.#handle = handle
    this.#fsync = fsync
    this.#sequence = newest?.sequence ?? 0
    this.#current = newest?.commit ?? { position: undefined, metadata: '', epoch: 0 }
  }

  static async open(file: string, fsync: boolean): Promise<CommitFile> {
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600)
    const content = await readFully(handle, 0, 2 * slotBytes)
    const slots = [decodeSlot(content.subarray(0, slotBytes)), decodeSlot(content.subarray(slotBytes))]
    const [newest] = slots.filter((slot) => slot !== undefined).sort((a, b) => b.sequence - a.sequence)
    return new CommitFile(handle, fsync, newest)
  }

  /** The last durable commit. */
  get current(): Commit {
    return this.#current
  }

  /**
   * Writes what `next` makes of the last commit; durable when it resolves. `next` runs when every earlier write is
   * done, so what it throws (a stale assignment) is decided at the last moment.
   */
  write(next: (current: Commit) => Commit): Promise<void> {
    return this.#turns.run(async () => {
      const commit = next(this.#current)
      const sequence = this.#sequence + 1
      await writeFully(this.#handle, encodeSlot(sequence, commit), (sequence % 2) * slotBytes)
      if (this.#fsync) await this.#handle.datasync()
      this.#sequence = sequence
      this.#current = commit
    })
  }

  async close(): Promise<void> {
    await this.#turns.idle()
    await this.#handle.close()
  }
}

/** CRC (4), metadata length (2), sequence (6), position + 1 or 0 for none (6), epoch (6), metadata. */
function encodeSlot(sequence: number, { position, metadata, epoch }: Commit): Buffer {
  const text = Buffer.from(metadata, 'utf8')
  if (text.length > metadataBytesMax) throw new RangeError(`commit metadata may take at most ${metadataBytesMax} bytes`)
  const slot = Buffer.alloc(headerBytes + text.length)
  slot.writeUInt16LE(text.length, 4)
  slot.writeUIntLE(sequence, 6, 6)
  slot.writeUIntLE(position === undefined ? 0 : position + 1, 12, 6)
  slot.writeUIntLE(epoch, 18, 6)
  text.copy(slot, headerBytes)
  slot.writeUInt32LE(crc32(slot.subarray(4)), 0)
  return slot
}

function decodeSlot(slot: Buffer): { sequence: number; commit: Commit } | undefined {
  if (slot.length < headerBytes) return undefined
  const end = headerBytes + slot.readUInt16LE(4)
  if (end > slot.length || crc32(slot.subarray(4, end)) !== slot.readUInt32LE(0)) return undefined
  const positionPlusOne = slot.readUIntLE(12, 6)
  return {
    sequence: slot.readUIntLE(6, 6),
    commit: {
      position: positionPlusOne === 0 ? undefined : positionPlusOne - 1,
      metadata: slot.toString('utf8', headerBytes, end),
      epoch: slot.readUIntLE(18, 6),
    },
  }
}
