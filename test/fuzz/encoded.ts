/** JSON that a dialect carries inside a text: fuzzing changes the structure in it; it is encoded when it is written. */
export type Encoding = 'base64' | 'base64url' | 'text'

export class Encoded {
  readonly #encoding: Encoding
  /** What is inside; a member, so that changes find their way in. */
  value: unknown

  constructor(encoding: Encoding, value: unknown) {
    this.#encoding = encoding
    this.value = value
  }

  /** The same encoding around something else. */
  around(value: unknown): Encoded {
    return new Encoded(this.#encoding, value)
  }

  toJSON(): string {
    const text = JSON.stringify(this.value) ?? ''
    return this.#encoding === 'text' ? text : Buffer.from(text).toString(this.#encoding)
  }
}
