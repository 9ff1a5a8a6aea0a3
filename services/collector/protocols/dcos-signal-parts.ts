/**
 * The lists in dcos-signal's reports, by declared value. Whatever is not declared is together under `(other)`, once: what a
 * report does not name in the same way twice cannot be counted twice.
 */
import { otherValue } from '../../../shared/event.ts'
import type { DeclaredValues } from './declared-values.ts'
import { isMembers, type Members, member, membersOf } from './members.ts'

const unhealthyKey = /^health-unit-(.+)-unhealthy$/
/** systemd's kinds of units; the key has dashes for dots. */
const unitKind = /-(?:service|timer|socket|target|path|mount)$/

/** `health-unit-dcos-cosmos-service-unhealthy: 1` is one of dcos-cosmos; a service and its timer are one unit. */
export function unitsOf(properties: Members, declared: DeclaredValues): Map<string, Members> {
  const unhealthy = new Map<string, number>()
  for (const key of Object.keys(properties)) {
    const name = unhealthyKey.exec(key)?.[1]
    const count = properties[key]
    if (name === undefined || typeof count !== 'number') continue
    const unit = declared.firstOf('unit', [name, name.replace(unitKind, '')]) ?? otherValue
    unhealthy.set(unit, (unhealthy.get(unit) ?? 0) + count)
  }
  return new Map([...unhealthy].map(([unit, count]) => [unit, { unhealthy: count }]))
}

/**
 * From DC/OS 1.9 on with `packageInformation`; before, the name of a package is its application's, unless an operator chose
 * another, and there is no version. Of several instances of a package the first counts: a slot has room for one.
 */
export function packagesOf(properties: Members, declared: DeclaredValues): Map<string, Members> {
  const list = member(properties, 'package_list')
  const packages = new Map<string, Members>()
  for (const one of Array.isArray(list) ? list : []) {
    if (!isMembers(one)) continue
    const definition = membersOf(membersOf(one, 'packageInformation'), 'packageDefinition')
    const name = member(definition, 'name') ?? lastSegment(member(one, 'appId'))
    const known = typeof name === 'string' ? declared.firstOf('package', [name]) : undefined
    const value = known ?? otherValue
    if (packages.has(value)) continue
    // The version of an unknown package says nothing.
    packages.set(value, known === undefined ? {} : { version: member(definition, 'version') })
  }
  return packages
}

function lastSegment(path: unknown): string | undefined {
  return typeof path === 'string' ? path.slice(path.lastIndexOf('/') + 1) : undefined
}
