/**
 * The worst day for a victim: it counts in as many cells as one device can, with as much as it can, and the attacker's
 * own devices lift every one of these cells far above its threshold.
 */

import type { ReleaseSpecification } from '../../../services/release/release-types.ts'
import { specificationsOf } from '../../../services/release/specification.ts'
import { readCatalogue } from '../../../shared/catalogue-file.ts'
import type { SentRecord } from '../../../shared/event.ts'
import { dayMs } from '../../../shared/window.ts'
import type { Cells } from './mechanism.ts'
import { cell, type Scene } from './scene.ts'

export const catalogue = readCatalogue('')
export const day = '2026-11-23'
export const sybils = 400

/** Two features with four versions each: 8 leaf cells, 2 parents and the total, which is all that one device may be in. */
const features = ['dashboard', 'services']
const versions = ['1.11.1', '1.11.2', '1.12.1', '1.12.2']
const eventsPerLeaf = 8

export const specification = specificationsOf(catalogue)[0] as ReleaseSpecification

export const sybilScene: Scene = { specification, without: cellsOf(sybils), with: cellsOf(sybils + 1) }

/** All devices do the same: each adds the most that it may to every cell. */
function cellsOf(devices: number): Cells {
  const eventsMax = (level: string) =>
    Number(specification.levels.find((one) => one.level === level)?.sums[0]?.unitMax ?? 0n)
  const sum = (level: string, events: number) => devices * Math.min(events, eventsMax(level))
  const ofFeature = eventsPerLeaf * versions.length
  return new Map([
    [
      'leaf',
      features.flatMap((feature) =>
        versions.map((version) => cell([feature, version], devices, sum('leaf', eventsPerLeaf))),
      ),
    ],
    ['parent', features.map((feature) => cell([feature], devices, sum('parent', ofFeature)))],
    ['total', [cell([], devices, sum('total', ofFeature * features.length))]],
  ])
}

/** What one device sends on that day. */
export function recordOf(device: string): SentRecord {
  const noon = Date.parse(`${day}T00:00:00Z`) + dayMs / 2
  return {
    ...{ receivedAt: noon, route: 'node', ip: '192.0.2.1', userAgent: 'agent/1' },
    unit: { kind: 'device', id: device },
    events: features.flatMap((feature) =>
      versions.flatMap((version) =>
        Array.from({ length: eventsPerLeaf }, (_, index) => ({
          ...{ id: `${device} ${feature} ${version} ${index}`, time: noon, feature, fields: { version } },
        })),
      ),
    ),
  }
}
