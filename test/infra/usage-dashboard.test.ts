/** The dashboard for analysts: its SQL on the engine, what it may show, and what ClickHouse lets its user see at all. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { prepareTables } from '../../services/worker/store.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { openEmbeddedWarehouse } from '../../shared/warehouse/embedded.ts'
import type { Warehouse } from '../../shared/warehouse/port.ts'
import { dimensionColumn, measureColumns } from '../../shared/warehouse/schema.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import { readText } from './deployment-files.ts'

const catalogue = readCatalogue('')
const dashboard = JSON.parse(readText('infra/grafana/dashboards/usage.json')) as {
  panels: { targets: { rawSql: string }[] }[]
}
const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ rawSql }) => rawSql))
const usersXml = readText('infra/clickhouse/users.xml')
const usersSql = readText('infra/clickhouse/users.sql')

async function withTables(use: (warehouse: Warehouse) => Promise<void>): Promise<void> {
  await withTemporaryDirectory(async (dir) => {
    const warehouse = await openEmbeddedWarehouse({ dir: path.join(dir, 'tables') })
    try {
      await prepareTables(warehouse, catalogue)
      await use(warehouse)
    } finally {
      await warehouse.close()
    }
  })
}

/** With the plugin's macro as it would replace it for a very long time. */
function asGrafana(sql: string): string {
  return sql.replace(/\$__timeFilter\((\w+)\)/g, "$1 >= toDateTime(0, 'UTC') AND $1 <= now()")
}

/** The first element of that name, which ends where its indentation does. */
function element(xml: string, name: string): string {
  return new RegExp(`^( +)<${name}>([\\s\\S]*?)^\\1</${name}>`, 'm').exec(xml)?.[2] ?? ''
}

function grantsOf(user: string): string[] {
  const own = element(element(usersXml, 'users'), user)
  return [...own.matchAll(/<query>([^<]*)<\/query>/g)].map(([, query = '']) => query.replace(/\s+/g, ' '))
}

/** Columns that a GRANT SELECT(…) names. */
function columnsOf(grant: string): string[] {
  return (
    /SELECT\(([^)]*)\)/
      .exec(grant)?.[1]
      ?.split(',')
      .map((name) => name.trim()) ?? []
  )
}

describe('the dashboard of usage', () => {
  it('asks what the engine can answer, and finds a cell of k devices and none of fewer', async () => {
    assert.ok(queries.length >= 10)
    await withTables(async (warehouse) => {
      const row = (feature: string, devices: number) =>
        `feature_usage\tday\tfinal\tfeature\t2026-01-01 00:00:00\t0\tlog\t${feature}\t20\t${devices}\n`
      const lines = row('services', catalogue.k) + row('jobs', catalogue.k - 1)
      const columns = ['dataset', 'grain', 'stage', 'by', 'window', 'kp', 'log', 'd_feature', 'events', 'devices']
      await warehouse.insert({ table: 'cells', columns, lines, rows: 2, token: 'test' })
      for (const sql of queries) {
        const found = await warehouse.select<{ feature?: string }>(asGrafana(sql))
        const expected = sql.includes("by = 'feature'") ? ['services'] : []
        assert.deepEqual(
          found.map(({ feature }) => feature),
          expected,
          sql,
        )
      }
    })
  })

  it('shows closed days only, in cells of at least k devices, of one dimension, and never a total beside them', () => {
    for (const sql of queries) {
      const [, dataset] = /FROM (\w+)_cells\b/.exec(sql) ?? []
      const [, by = ''] = /\bby = '([^']*)'/.exec(sql) ?? []
      assert.ok(catalogue.datasets.find(({ id }) => id === dataset)?.dimensions.includes(by), sql)
      assert.match(sql, /grain = 'day'/)
      assert.ok(sql.includes(`devices >= ${catalogue.k}`), sql)
    }
  })
})

describe('the ClickHouse users of docker-compose.yml', () => {
  it('may what users.sql grants, but that the writer also makes the database', () => {
    const granted = (user: string) =>
      [...usersSql.matchAll(/^GRANT [^;]* TO (\w+);$/gm)]
        .filter(([, to]) => to === user)
        .map(([grant = '']) => grant.replace(/\s+/g, ' ').replace(/ TO \w+;$/, ''))
    assert.deepEqual(grantsOf('headcount'), [...granted('headcount'), 'GRANT CREATE DATABASE ON headcount.*'])
    assert.deepEqual(grantsOf('headcount_reader'), granted('headcount_reader'))
    assert.match(usersXml, /<default remove="remove"\/>/)
  })

  it('have the reader’s settings of users.sql', () => {
    const profile = element(element(usersXml, 'profiles'), 'headcount_reader')
    const own = [...profile.matchAll(/<(\w+)>(\d+)</g)].map(([, name, value]) => `${name} = ${value}`)
    const theirs = /PROFILE IF NOT EXISTS headcount_reader SETTINGS\s+([^;]*);/.exec(usersSql)?.[1] ?? ''
    assert.deepEqual(
      own,
      theirs.split(',').map((one) => one.trim()),
    )
  })

  it('let Grafana see final cells of at least k devices through the catalogue’s views, and no state', () => {
    const own = element(element(usersXml, 'users'), 'grafana')
    assert.equal(/<filter>([^<]*)</.exec(own)?.[1], `stage = 'final' AND devices &gt;= ${catalogue.k}`)
    const views = catalogue.datasets.map(({ id }) => `GRANT SELECT ON headcount.${id}_cells`)
    const [cells = '', ...more] = grantsOf('grafana').filter((grant) => !views.includes(grant))
    assert.deepEqual(more, [])
    assert.equal(grantsOf('grafana').length, views.length + 1)
    const dimensions = new Set(catalogue.datasets.flatMap((one) => one.dimensions))
    const measures = new Set(catalogue.datasets.flatMap((one) => one.measures))
    const needed = [
      ...['dataset', 'grain', 'stage', 'by', 'window', 'events', 'devices'],
      ...[...dimensions].map(dimensionColumn),
      ...[...measures].flatMap((id) => Object.values(measureColumns(id))),
    ]
    assert.deepEqual(columnsOf(cells).sort(), needed.sort())
  })

  it('have grants and a filter that the engine reads', async () => {
    await withTables(async (warehouse) => {
      for (const user of ['headcount', 'headcount_reader', 'grafana'])
        for (const grant of grantsOf(user))
          await warehouse.select('SELECT formatQuerySingleLine({sql:String}) AS text', { sql: `${grant} TO ${user}` })
      await warehouse.select(`SELECT count() FROM cells WHERE stage = 'final' AND devices >= ${catalogue.k}`)
    })
  })
})
