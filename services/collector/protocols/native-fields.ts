/**
 * The declared fields of events, as the JSON object that a record keeps. The events of one request mostly have the same
 * members in the same order, and often the same values (version, variant, provider), so what was made of the last event
 * is used again as far as the next one is equal.
 */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import { numberValue, textValue } from '../event-values.ts'
import { depthMax, isDeep } from '../json-body.ts'
import { type Mark, markNames, markOf } from '../privacy/event-marks.ts'

/** Most that one event's names and values may add up to, in characters; nothing that is kept is near it. */
export const eventSizeMax = 32 * 1024
/** For a member's value: it is inside the body's object, its list, and the event. */
const valueDepthMax = depthMax - 3

/** An event as parsed. JSON.parse makes `__proto__` an ordinary own member, and it is no declared name. */
export type Given = Record<string, unknown>
type Kind = 'text' | 'number' | 'mark' | undefined

export class NativeFields {
  /** The kept fields of the event read last, as a JSON object. */
  json = '{}'
  /** What the event read last says of whoever sent it, also of one with something wrong; of one too deep nothing. */
  mark: Mark | undefined
  readonly #declared: Catalogue['fields']
  readonly #plain: boolean
  /** The last event's members in their order: name, declared kind, value of the declared ones. */
  readonly #names: string[] = []
  readonly #kinds: Kind[] = []
  readonly #values: unknown[] = []
  #count = 0
  #namesSize = 0
  #size = 0
  #wrong: RejectReason | undefined

  /** @param plain whether no text of the body can need an escape in JSON */
  constructor(declared: Catalogue['fields'], plain: boolean) {
    this.#declared = declared
    this.#plain = plain
  }

  /** Sets `json`, or says what is wrong with a field, the event's depth or its size. */
  read(given: Given): RejectReason | undefined {
    let at = 0
    let size = 0
    let changed = false
    for (const name in given) {
      const value = given[name]
      if (name !== this.#names[at]) {
        this.#names[at] = name
        this.#kinds[at] = this.#kindOf(name)
        changed = true
      }
      if (typeof value === 'string') size += value.length
      else if (typeof value === 'object' && value !== null) {
        if (isDeep(value, valueDepthMax)) return this.#tooDeep()
        size += JSON.stringify(value).length
      }
      if (this.#kinds[at] !== undefined && value !== this.#values[at]) {
        this.#values[at] = value
        changed = true
      }
      at++
    }
    if (changed || at !== this.#count) this.#make(at)
    this.#size = size + this.#namesSize
    return this.spare() >= 0 ? this.#wrong : 'event-too-large'
  }

  /** A field that the catalogue declares means what the catalogue says, and is no mark. */
  #kindOf(name: string): Kind {
    return this.#declared.get(name) ?? (markNames.has(name) ? 'mark' : undefined)
  }

  /** What was noted of the event's first members must not pass for the last one's: the next event is made anew. */
  #tooDeep(): RejectReason {
    this.#count = -1
    return 'too-deep'
  }

  /** How many characters more the event read last could have; negative: it is too large. */
  spare(): number {
    return eventSizeMax - this.#size
  }

  #make(count: number): void {
    let json = ''
    this.#count = count
    this.#namesSize = 0
    this.#wrong = undefined
    this.mark = undefined
    for (let at = 0; at < count; at++) {
      const name = this.#names[at] as string
      const value = this.#values[at]
      this.#namesSize += name.length
      if (this.#kinds[at] === undefined || value === null) continue
      if (this.#kinds[at] === 'mark') {
        const mark = markOf(name, value)
        // That it comes from a child goes before everything else.
        if (mark === 'child' || this.mark === undefined) this.mark = mark
        continue
      }
      const piece = this.#kinds[at] === 'text' ? this.#text(value) : this.#number(value)
      if (piece !== undefined) json += `${json === '' ? '' : ','}${JSON.stringify(name)}:${piece}`
    }
    this.json = `{${json}}`
  }

  #text(value: unknown): string | undefined {
    const text = textValue(value)
    if (text === undefined) this.#wrong ??= 'field-invalid'
    else return this.#plain ? `"${text}"` : JSON.stringify(text)
    return undefined
  }

  #number(value: unknown): string | undefined {
    const number = numberValue(value)
    if (number === undefined) this.#wrong ??= 'measure-invalid'
    return number?.toString()
  }
}
