/**
 * Which key-value store this is: a random name that the store itself keeps. A store that has lost everything (its files
 * deleted, its server replaced) has lost its name too, and whoever worked with it finds that out.
 */
import { randomUUID } from 'node:crypto'
import type { KeyValue } from './port.ts'

const key = 'identity'
const restoredPrefix = 'restored/'

/** The store has lost what was in it, or is another one: what this process knows of it is no longer true. */
export class KeyValueLostError extends Error {
  override readonly name = 'KeyValueLostError'
}

export class StoreIdentity {
  readonly #keyValue: KeyValue
  readonly #restore: () => Promise<void>
  #known: string | undefined

  /** @param restore brings back into an empty store what must be in it before anything else; may run several times */
  constructor(keyValue: KeyValue, restore: () => Promise<void>) {
    this.#keyValue = keyValue
    this.#restore = restore
  }

  /**
   * The store's name. The first time, a store without one is named, and restored. Whatever was read before this resolves
   * was read from the store that has this name.
   * @throws KeyValueLostError when it was another one before: this process must end and start anew
   */
  async check(): Promise<string> {
    const found = await this.#name()
    if (this.#known === undefined) {
      const name = await this.#first(found)
      this.#known ??= name
      if (name === this.#known) return name
    }
    if (found === this.#known) return found
    throw new KeyValueLostError(
      `the key-value store is ${found === undefined ? 'empty' : 'not the one it was'}: its files are gone, or its server has been replaced`,
    )
  }

  /**
   * Naming comes before restoring, and that it was restored is said of the name: a command that was on its way when the
   * store lost everything, and is sent again, must not make an empty store look restored.
   */
  async #first(found: string | undefined): Promise<string> {
    if (found === undefined) await this.#keyValue.putIfAbsent(key, Buffer.from(randomUUID()))
    const name = found ?? (await this.#name())
    if (name === undefined) throw new KeyValueLostError('the key-value store forgot its name at once')
    // Of several processes that find it so, each restores: none goes on before it has been done.
    if ((await this.#keyValue.get(restoredPrefix + name)) === undefined) {
      await this.#restore()
      await this.#keyValue.put(restoredPrefix + name, Buffer.from('1'))
    }
    return name
  }

  async #name(): Promise<string | undefined> {
    return (await this.#keyValue.get(key))?.toString()
  }
}
