/** Changes to a structure that leave it a structure: another value, a member more or less, names that mean something. */
import type { Draw } from './draw.ts'
import { Encoded } from './encoded.ts'

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** Values at the edges of what readers expect; made once. */
const values: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 63), 1e308, -1e308, 5e-324],
  ...[
    '',
    ' ',
    '0',
    '-1',
    '1e400',
    '18446744073709551616',
    'NaN',
    'true',
    'null',
    '\0',
    '\u007f',
    '\ud800',
    '😀',
    '\u202e',
  ],
  ...['x'.repeat(255), 'x'.repeat(257), 'y'.repeat(5000), '%', '%zz', '%00', '/', '//', '/services', '#/jobs', '?'],
  ...['2026-11-23T10:15:60Z', '9999-12-31T23:59:59.999Z', '2026-02-30T00:00:00Z', '+275760-09-13T00:00:00Z', '0000'],
  ...['http://[', 'javascript:alert(1)', 'https://x.example/%E0%A4%A', 'data:,', 'iglu:a/b/c/d', 'iglu:////'],
  ...[
    'health',
    'mesos_track',
    'package_list',
    'track',
    'page',
    'identify',
    '$identify',
    '$pageview',
    'pv',
    'se',
    'ue',
    'tr',
  ],
  ...['eyJkYXRhIjpbXX0', '{"data":{}}', '{', '[[[[', '__proto__', 'constructor', 'toString', 'user@example.org'],
  ...[[], {}, [[]], [null], [{}], { length: 1e9 }, { toString: 1, valueOf: null }, { toJSON: 'x' }],
  ...[
    nested(8),
    nested(31),
    nested(40),
    Array.from({ length: 300 }, () => ({})),
    Array.from({ length: 3000 }, () => 0),
  ],
]
const names = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', '', '0', 'x'.repeat(300)],
  ...['age', 'child', 'under13', 'telemetry_enabled', 'policy', 'version', 'environmentVersion', 'agents', 'package'],
  ...['properties', 'context', 'traits', 'data', 'events', 'batch', 'sentAt', 'time', 'device', 'cookie', 'cluster'],
  ...['health-unit-dcos-net-total', 'frameworks', 'package_list', '$set', 'options', 'offset', 'ttm', 'co', 'ue_pr'],
]

type Container = unknown[] | Record<string, unknown> | Encoded

/** @returns a copy with one to three changes; the value itself may be replaced */
export function mutateValue(value: unknown, draw: Draw): unknown {
  const root: Container = [copy(value)]
  for (let change = draw.number(3); change >= 0; change--) changeOne(root, draw)
  return root[0]
}

function changeOne(root: Container, draw: Draw): void {
  const [holder, key] = place(root, draw)
  const change = draw.number(6)
  if (change === 0) remove(holder, key)
  else if (change === 1) add(holder, draw)
  else if (change === 2) put(holder, key, [get(holder, key), copy(get(holder, key))])
  else if (change === 3) {
    // What stands elsewhere, in the wrong place; copied, so that nothing ever holds itself.
    const [from, name] = place(root, draw)
    put(holder, key, copy(get(from, name)))
  } else put(holder, key, copy(draw.of(values)))
}

/** A member somewhere in the structure, deep ones as likely as shallow ones. */
function place(root: Container, draw: Draw): [Container, string] {
  let holder = root
  let key = '0'
  for (let depth = 0; depth < 12; depth++) {
    const inner = get(holder, key)
    if (typeof inner !== 'object' || inner === null || draw.isOneIn(4)) break
    const keys = Object.keys(inner)
    if (keys.length === 0) break
    holder = inner as Container
    key = draw.of(keys)
  }
  return [holder, key]
}

/** Faster than structuredClone by far; own members only, one named `__proto__` among them. */
function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copy)
  if (value instanceof Encoded) return value.around(copy(value.value))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)]))
}

function get(holder: Container, key: string): unknown {
  return Object.hasOwn(holder, key) ? (holder as unknown as Record<string, unknown>)[key] : undefined
}

function put(holder: Container, key: string, value: unknown): void {
  // Not by assignment: that would set a prototype.
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

function remove(holder: Container, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1)
  else delete (holder as unknown as Record<string, unknown>)[key]
}

function add(holder: Container, draw: Draw): void {
  const value = copy(draw.of(values))
  if (Array.isArray(holder)) holder.push(value)
  else put(holder, draw.of(names), value)
}
