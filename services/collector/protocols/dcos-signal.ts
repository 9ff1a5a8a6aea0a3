/**
 * The reports of DC/OS' own nodes: dcos-signal (DC/OS 1.8 to 2.1, analytics-go 2.1.0) sends `health`, `package_list` and
 * `mesos_track` through Segment's API, from every master of a cluster in the same second. One report is several events: one
 * for each package or unit. Values that the catalogue does not declare are `(other)` here already, as a report is made
 * of what its cluster's operator named: not even the raw log gets an application's path or the name of a framework.
 */
import { type Catalogue, findFeature } from '../../../shared/catalogue.ts'
import type { RejectReason } from '../../../shared/drop-reason.ts'
import { timeMax } from '../../../shared/rfc3339.ts'
import { packagesOf, unitsOf } from './dcos-signal-parts.ts'
import type { DeclaredValues } from './declared-values.ts'
import type { ForeignEvent } from './foreign-event.ts'
import { stableId } from './foreign-events.ts'
import { isMembers, type Members, member, membersOf } from './members.ts'

/**
 * In its last tenth a slot is over: reports are made on the clock, and what comes then is from a master whose clock is
 * ahead. So a cluster whose masters' clocks differ by seconds is in each slot once, and no slot is left out.
 */
const slotShareAhead = 0.1

/** Measures as `mesos_track` names them; the first that is there. */
const measures: ReadonlyMap<string, readonly string[]> = new Map([
  ['agents', ['agents_active', 'agents_connected']],
  ['tasks', ['task_count']],
  ['frameworks', ['framework_count']],
  ['cpu', ['cpu_total']],
  ['memory', ['mem_total']],
  ['disk', ['disk_total']],
])

export class SignalReports {
  readonly #catalogue: Catalogue
  readonly #declared: DeclaredValues

  constructor(catalogue: Catalogue, declared: DeclaredValues) {
    this.#catalogue = catalogue
    this.#declared = declared
  }

  /** The events of an item, which are none for an empty list of packages; undefined when it is none of the reports. */
  eventsOf(item: unknown, event: ForeignEvent | RejectReason): (ForeignEvent | RejectReason)[] | undefined {
    if (!isMembers(item) || typeof event === 'string' || event.about === 'person' || 'path' in event.about)
      return undefined
    const properties = membersOf(item, 'properties')
    // What is not from a node reports nothing of a cluster, whatever its name.
    if (member(properties, 'source') !== 'cluster') return undefined
    const { name } = event.about
    switch (name) {
      case 'mesos_track':
        return [this.#report(name, event, properties, (field) => measureOf(properties, field))]
      case 'health':
        return this.#partsOf(name, event, properties, 'unit', unitsOf(properties, this.#declared))
      case 'package_list':
        return this.#partsOf(name, event, properties, 'package', packagesOf(properties, this.#declared))
      default:
        return undefined
    }
  }

  #partsOf(
    name: string,
    event: ForeignEvent,
    properties: Members,
    field: 'unit' | 'package',
    parts: ReadonlyMap<string, Members>,
  ): (ForeignEvent | RejectReason)[] {
    return [...parts].map(([value, of]) => {
      const id = `${event.id}/${value}`
      const part = this.#report(name, event, properties, (wanted) => (wanted === field ? value : member(of, wanted)))
      return typeof part === 'string' ? part : { ...part, id: stableId(id, () => id) }
    })
  }

  #report(
    name: string,
    event: ForeignEvent,
    properties: Members,
    own: (field: string) => unknown,
  ): ForeignEvent | RejectReason {
    const cluster = clusterOf(event.identifiers.cluster)
    if (cluster === 'identifier-invalid') return cluster
    return {
      ...event,
      identifiers: { ...event.identifiers, cluster },
      time: this.#inItsSlot(name, event.time),
      field: (field) => this.#declared.valueOf(field, own(field) ?? commonOf(name, properties, field)),
    }
  }

  #inItsSlot(name: string, time: number): number {
    const slotMs = findFeature(this.#catalogue, name)?.naturalKey?.slotMs
    if (slotMs === undefined) return time
    const next = Math.ceil(time / slotMs) * slotMs
    return next - time <= slotMs * slotShareAhead && next < timeMax ? next : time
  }
}

/**
 * The file it is read from may end in a line break. One that could not be read leaves the error in its place, path and all,
 * which would make one cluster of all that have it.
 */
function clusterOf(given: unknown): unknown {
  if (typeof given !== 'string') return given
  const cluster = given.trim()
  return /[\s/]/.test(cluster) ? 'identifier-invalid' : cluster
}

function measureOf(properties: Members, field: string): unknown {
  const names = measures.get(field) ?? []
  return names.map((name) => member(properties, name)).find((value) => typeof value === 'number')
}

/** What all three reports say of their cluster. A package has a version of its own. */
function commonOf(report: string, properties: Members, field: string): unknown {
  switch (field) {
    case 'version':
      return report === 'package_list' ? undefined : member(properties, 'environmentVersion')
    case 'source':
      return 'node'
    case 'variant':
    case 'provider':
      return member(properties, field)
    default:
      return undefined
  }
}
