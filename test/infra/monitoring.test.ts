/** Alerts and dashboards against the metrics that the code has. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { createMetrics } from '../../shared/metrics.ts'
import { composeFile, filesUnder, readText, roles, top } from './deployment-files.ts'

interface Panel {
  id: number
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets: { datasource: { type: string; uid: string }; expr?: string; rawSql?: string }[]
}
interface Dashboard {
  uid: string
  title: string
  panels: Panel[]
}
interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string }
}

const dashboards = filesUnder('infra/grafana/dashboards').map((file) => JSON.parse(readText(file)) as Dashboard)
const targets = dashboards.flatMap(({ panels }) => panels.flatMap((panel) => panel.targets))
const alerts = parse(readText('infra/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }
const rules = alerts.groups.flatMap((group) => group.rules)
const expressions = [...rules.map(({ expr }) => expr), ...targets.flatMap(({ expr }) => expr ?? [])]
const prometheus = parse(readText('infra/prometheus/prometheus.yml'))
const { registry } = createMetrics()

/** The metrics of the code; a histogram shows three to Prometheus. */
async function metricNames(): Promise<Map<string, string>> {
  const all = await registry.getMetricsAsJSON()
  return new Map(
    all.flatMap(({ name, type }) => {
      const suffixes = String(type) === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      return suffixes.map((suffix) => [name + suffix, name] as const)
    }),
  )
}

function namesIn(expression: string): string[] {
  return expression.match(/\b(?:headcount|process|nodejs)_\w+/g) ?? []
}

describe('alerts and dashboards', () => {
  it('name only metrics that the code has', async () => {
    const known = await metricNames()
    assert.ok(expressions.length > 20)
    for (const expression of expressions)
      for (const name of namesIn(expression)) assert.ok(known.has(name), `${name} in ${expression}`)
  })

  it('show every metric of Headcount’s own somewhere', async () => {
    const known = await metricNames()
    const shown = new Set(expressions.flatMap(namesIn).map((name) => known.get(name)))
    const ours = new Set([...known.values()].filter((name) => name.startsWith('headcount_')))
    assert.deepEqual(
      [...ours].filter((name) => !shown.has(name)),
      [],
    )
  })

  it('select by labels that the metrics have', async () => {
    const known = await metricNames()
    for (const expression of expressions)
      for (const [, name = '', selector = ''] of expression.matchAll(/\b(headcount_\w+)\{([^}]*)\}/g)) {
        const metric = registry.getSingleMetric(known.get(name) ?? '') as unknown as { labelNames: string[] }
        const labels = [...metric.labelNames, 'job', 'instance']
        for (const [, label = ''] of selector.matchAll(/(\w+)\s*[=!]/g)) assert.ok(labels.includes(label), expression)
      }
  })

  it('select jobs that Prometheus scrapes, and it scrapes every process at its port', () => {
    const scraped = prometheus.scrape_configs as {
      job_name: string
      authorization: { credentials_file: string }
      dns_sd_configs: { names: string[]; port: number }[]
    }[]
    assert.deepEqual(
      scraped.map(({ job_name }) => job_name),
      roles.map((role) => `headcount-${role}`),
    )
    const ports: Record<string, number> = { collector: 8080, worker: 8070, reporting: 8090 }
    for (const { job_name, dns_sd_configs } of scraped) {
      const role = job_name.slice('headcount-'.length)
      const services = Object.keys(composeFile().services).filter(
        (name) => name === role || name.startsWith(`${role}-`),
      )
      assert.deepEqual(dns_sd_configs[0]?.names, services)
      assert.equal(dns_sd_configs[0]?.port, ports[role])
    }
    const jobs = expressions.flatMap((one) => [...one.matchAll(/job="([^"]+)"/g)].map(([, job]) => job))
    for (const job of jobs)
      assert.ok(
        scraped.some(({ job_name }) => job_name === job),
        job,
      )
  })

  it('use one token, from the file that the container writes', () => {
    const written = /> (\/run\/\S+)/.exec(composeFile().services.prometheus?.command?.[0] ?? '')?.[1]
    for (const { authorization } of prometheus.scrape_configs) assert.equal(authorization.credentials_file, written)
  })

  it('have alerts that differ, say how urgent they are, and what has happened', () => {
    assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
    for (const { alert, labels, annotations } of rules) {
      assert.match(labels.severity, /^(page|ticket)$/, alert)
      assert.ok(annotations.summary.length > 20, alert)
    }
  })

  it('have panels that lie beside each other, with the data sources that are provisioned', () => {
    const { datasources } = parse(readText('infra/grafana/provisioning/datasources/headcount.yaml'))
    const known = datasources.map(({ uid, type }: { uid: string; type: string }) => `${type} ${uid}`)
    for (const { datasource } of targets) assert.ok(known.includes(`${datasource.type} ${datasource.uid}`))
    for (const { title, panels } of dashboards) {
      const places = panels.map(({ gridPos: { x, y } }) => `${x},${y}`)
      assert.equal(new Set(places).size, panels.length, title)
      assert.ok(panels.every(({ gridPos: { x, w } }) => x + w <= 24))
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    }
  })

  const promtool = spawnSync('promtool', ['--version']).status === 0
  it('are read by Prometheus, and fire when they should', { skip: promtool ? false : 'there is no promtool' }, () => {
    const run = spawnSync('promtool', ['test', 'rules', 'alerts-by-example.yml'], {
      cwd: path.join(top, 'test/infra'),
      encoding: 'utf8',
    })
    assert.equal(run.status, 0, run.stdout + run.stderr)
  })
})
