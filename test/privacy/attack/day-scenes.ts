/** Days on which a partner who compares figures could learn more than from one of them. */

import type { ReleaseSpecification } from '../../../services/release/release-types.ts'
import { specificationsOf } from '../../../services/release/specification.ts'
import { parseCatalogue } from '../../../shared/catalogue-file.ts'
import type { Cells } from './mechanism.ts'
import { cell, type Scene } from './scene.ts'
import { specification, sybilScene, sybils } from './sybil-scene.ts'

const eventsPerDevice = 8

/** Devices in one leaf cell each: parents and total are sums of leaf cells, as far as devices go. */
function singleCells(devices: Readonly<Record<string, number>>): Cells {
  const all = Object.values(devices).reduce((sum, some) => sum + some, 0)
  return new Map([
    [
      'leaf',
      Object.entries(devices).map(([version, some]) => cell(['dashboard', version], some, some * eventsPerDevice)),
    ],
    ['parent', [cell(['dashboard'], all, all * eventsPerDevice)]],
    ['total', [cell([], all, all * eventsPerDevice)]],
  ])
}

/** The victim is in a cell that is far too small to be shown; all others and the total are shown. */
export const hiddenCellScene: Scene = {
  specification,
  without: singleCells({ '1.11.1': 500, '1.11.2': 700, '1.12.1': 9 }),
  with: singleCells({ '1.11.1': 500, '1.11.2': 700, '1.12.1': 10 }),
}

const twice = parseCatalogue(
  `
version: "1"
features: [{ id: dashboard, title: A }, { id: services, title: B }]
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: version, title: Version, from: event, rule: '.*', cap: 9 }
releases: { rho: 3/200, deltaThreshold: 1e-9, k: 20, publishAfterHours: 30 }
datasets:
${['one', 'two']
  .map(
    (id) => `
  - id: ${id}
    title: Usage
    dimensions: [feature, version]
    audience: partners
    release:
      - { level: leaf, by: [feature, version], cells: 8, events: 8, share: 4/5 }
      - { level: parent, by: [feature], cells: 2, events: 32, share: 2/15 }
      - { level: total, events: 32, share: 1/15 }
`,
  )
  .join('')}
`,
  'two datasets',
)

/** Two datasets that both have all of the victim's day: half of the budget each. */
export const datasetScenes: readonly Scene[] = specificationsOf(twice).map((own) => ({
  ...{ specification: own, without: sybilScene.without, with: sybilScene.with },
}))

/** Cells that the victim reports in when it wants to be seen everywhere: eight times what counts. */
export const spreadCells = Array.from({ length: 64 }, (_, index) => ['dashboard', `1.${index}`] as const)

/** The leaf alone: this is about C. */
export const leafOnly: ReleaseSpecification = {
  ...specification,
  levels: specification.levels.filter(({ level }) => level === 'leaf'),
}

export const leafBound = { cellsMax: 8, eventsMax: 8, measuresMax: [] }

/** Others in each of the spread cells. */
export const spreadDevices = sybils
