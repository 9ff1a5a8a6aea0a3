/** Reads and writes Kafka's protocol types (big endian; the "compact" ones with a length of one more, as a varint). */

export class WireReader {
  readonly #buffer: Buffer
  #at: number

  constructor(buffer: Buffer, at = 0) {
    this.#buffer = buffer
    this.#at = at
  }

  get at(): number {
    return this.#at
  }
  int8(): number {
    return this.#buffer.readInt8(this.#take(1))
  }
  int16(): number {
    return this.#buffer.readInt16BE(this.#take(2))
  }
  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4))
  }
  /** @throws RangeError above 2^53; positions, times and sizes stay far below */
  int64(): number {
    const at = this.#take(8)
    const value = this.#buffer.readInt32BE(at) * 2 ** 32 + this.#buffer.readUInt32BE(at + 4)
    if (!Number.isSafeInteger(value)) throw new RangeError('a 64-bit number of Kafka is too large')
    return value
  }
  uuid(): string {
    return this.bytes(16).toString('hex')
  }
  string(): string {
    const length = this.int16()
    return length < 0 ? '' : this.bytes(length).toString()
  }
  compactString(): string {
    const length = this.uvarint()
    return length === 0 ? '' : this.bytes(length - 1).toString()
  }
  compactBytes(): Buffer {
    const length = this.uvarint()
    return length === 0 ? Buffer.alloc(0) : this.bytes(length - 1)
  }
  array<T>(read: () => T): T[] {
    return this.#times(this.int32(), read)
  }
  compactArray<T>(read: () => T): T[] {
    return this.#times(this.uvarint() - 1, read)
  }
  /** Tagged fields, all passed over. */
  tags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint()
      this.bytes(this.uvarint())
    }
  }
  uvarint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.#buffer.readUInt8(this.#take(1))
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new RangeError('a variable-length number of Kafka is too long')
  }
  /** Zigzag, as inside record batches. */
  varint(): number {
    const value = this.uvarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  bytes(length: number): Buffer {
    const at = this.#take(length)
    return this.#buffer.subarray(at, at + length)
  }

  #times<T>(count: number, read: () => T): T[] {
    const items: T[] = []
    for (let index = 0; index < count; index++) items.push(read())
    return items
  }

  #take(length: number): number {
    const at = this.#at
    if (length < 0 || at + length > this.#buffer.length) throw new RangeError('an answer of Kafka ends too early')
    this.#at += length
    return at
  }
}

const pieceBytesMin = 1024

/** Collects the parts of a request; large buffers are not copied before the end. */
export class WireWriter {
  readonly #parts: Buffer[] = []

  int8(value: number): this {
    return this.bytes(Buffer.of(value & 0xff))
  }
  int16(value: number): this {
    const part = Buffer.allocUnsafe(2)
    part.writeInt16BE(value)
    return this.bytes(part)
  }
  int32(value: number): this {
    const part = Buffer.allocUnsafe(4)
    part.writeInt32BE(value)
    return this.bytes(part)
  }
  int64(value: number): this {
    const part = Buffer.allocUnsafe(8)
    part.writeBigInt64BE(BigInt(value))
    return this.bytes(part)
  }
  uuid(hex: string): this {
    return this.bytes(Buffer.from(hex, 'hex'))
  }
  string(text: string): this {
    const bytes = Buffer.from(text)
    return this.int16(bytes.length).bytes(bytes)
  }
  compactString(text: string): this {
    const bytes = Buffer.from(text)
    return this.uvarint(bytes.length + 1).bytes(bytes)
  }
  uvarint(value: number): this {
    const bytes: number[] = []
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
    bytes.push(rest)
    return this.bytes(Buffer.from(bytes))
  }
  compactArray<T>(items: readonly T[], write: (item: T) => void): this {
    this.uvarint(items.length + 1)
    for (const item of items) write(item)
    return this
  }
  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }
  /** No tagged fields. */
  noTags(): this {
    return this.int8(0)
  }
  bytes(part: Buffer): this {
    this.#parts.push(part)
    return this
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts)
  }

  /** The same as several buffers: small ones are joined, large ones are given as they came. */
  pieces(): Buffer[] {
    const pieces: Buffer[] = []
    let small: Buffer[] = []
    for (const part of this.#parts) {
      if (part.length < pieceBytesMin) {
        small.push(part)
        continue
      }
      pieces.push(Buffer.concat(small), part)
      small = []
    }
    pieces.push(Buffer.concat(small))
    return pieces.filter(({ length }) => length > 0)
  }
}
