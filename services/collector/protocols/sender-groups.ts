/**
 * Groups for a dialect in which a program sends for several browsers: events that share route and user agent, each
 * gathered by unit.
 */
import type { RecordText, Route } from '../../../shared/event.ts'
import { type Sender, UnitGroups } from '../unit-groups.ts'

export class SenderGroups {
  readonly sender: Sender
  readonly #groups = new Map<string, UnitGroups>()

  constructor(sender: Sender) {
    this.sender = sender
  }

  groupsOf(route: Route, userAgent: string): UnitGroups {
    const key = `${route} ${userAgent}`
    let groups = this.#groups.get(key)
    if (!groups) {
      groups = new UnitGroups({ ...this.sender, route, userAgent }, false)
      this.#groups.set(key, groups)
    }
    return groups
  }

  records(): RecordText[] {
    return [...this.#groups.values()].flatMap(({ records }) => records)
  }
}
