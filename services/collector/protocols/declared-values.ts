/** Values of text fields as the catalogue declares them, for dialects whose values must not even be in the raw log otherwise. */
import { type Catalogue, type Dimension, foldValue } from '../../../shared/catalogue.ts'
import { noValue, otherValue } from '../../../shared/event.ts'
import { textValue } from '../event-values.ts'

export class DeclaredValues {
  readonly #dimensions = new Map<string, Dimension[]>()

  constructor(catalogue: Catalogue) {
    for (const dimension of catalogue.dimensions) {
      if (dimension.origin !== 'event' || dimension.domain.kind === 'buckets') continue
      const known = this.#dimensions.get(dimension.field) ?? []
      this.#dimensions.set(dimension.field, [...known, dimension])
    }
  }

  /** The value of a field: of one that dimensions read as a text what they take, else `(other)`; others as they are. */
  valueOf(field: string, value: unknown): unknown {
    const dimensions = this.#dimensions.get(field)
    if (!dimensions || value === undefined || value === null) return value
    const text = textValue(value)
    if (text === undefined) return otherValue
    return dimensions.map((dimension) => foldValue(dimension, text)).find((folded) => folded === text) ?? otherOf(text)
  }

  /** The first of the values that the field takes; undefined when it takes none. */
  firstOf(field: string, values: readonly string[]): string | undefined {
    return values.find((value) => value !== otherValue && this.valueOf(field, value) === value)
  }
}

/** An empty value is none. */
function otherOf(text: string): string | undefined {
  return text === '' || text === noValue ? undefined : otherValue
}
