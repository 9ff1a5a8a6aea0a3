import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { ReportingFixture, tokens } from './reporting-fixture.ts'

interface Operation {
  summary: string
  parameters?: { name: string; in: string; description: string; schema: object; example?: unknown; examples?: object }[]
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
  security?: Record<string, string[]>[]
}
interface OpenApi {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes: Record<string, unknown> }
}

describe('reporting', () => {
  const fixture = new ReportingFixture()
  const get = (url: string, token = '') => fixture.get(url, token)
  before(() => fixture.open())
  after(() => fixture.close())

  it('says whether it lives, and why it is not ready', async () => {
    assert.equal((await get('/health/live')).statusCode, 200)
    assert.equal((await get('/health/ready')).statusCode, 200)
    fixture.ready = false
    const answer = await get('/health/ready')
    fixture.ready = true
    assert.equal(answer.statusCode, 503)
    assert.deepEqual(answer.json().checks, { probe: 'not yet' })
  })

  it('shows metrics to the admin token only', async () => {
    for (const token of ['', tokens.analystToken]) assert.equal((await get('/metrics', token)).statusCode, 401)
    const answer = await get('/metrics', tokens.adminToken)
    assert.match(answer.body, /headcount_http_requests_total\{service="reporting",status="4xx"\}/)
  })

  it('answers unknown paths and wrong methods with problems that repeat nothing', async () => {
    const missing = await get('/api/v1/%3Cscript%3E')
    assert.equal(missing.statusCode, 404)
    assert.equal(missing.headers['content-type'], 'application/problem+json')
    assert.doesNotMatch(missing.body, /script/)
    const wrong = await fixture.reporting.app.inject({ method: 'POST', url: '/api/v1/usage?dataset=x', payload: 'x' })
    assert.equal(wrong.statusCode, 405)
    assert.equal(wrong.headers.allow, 'GET, HEAD')
    const broken = await get('/api/%ff')
    assert.ok([400, 404].includes(broken.statusCode))
    assert.equal(broken.headers['content-type'], 'application/problem+json')
  })

  it('sends security headers with everything', async () => {
    for (const url of ['/', '/about', '/docs', '/openapi.json', '/health/live', '/nowhere', '/api/v1/usage']) {
      const { headers } = await get(url)
      assert.equal(headers['x-content-type-options'], 'nosniff', url)
      assert.match(String(headers['content-security-policy']), /^default-src 'none'/, url)
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, url)
      assert.equal(headers['referrer-policy'], 'no-referrer', url)
    }
  })

  it('has pages that ask nobody else', async () => {
    const page = (await get('/')).body
    assert.doesNotMatch(page, /(?:src|href)="(?:https?:)?\/\//)
    const about = (await get('/about')).body
    assert.match(about, /href="\/docs"/)
    assert.doesNotMatch(about, /<script|src=/)
    const docs = (await get('/docs')).body
    assert.doesNotMatch(docs, /(?:src|href)="(?:https?:)?\/\//)
    const start = (await get('/docs/static/swagger-initializer.js')).body
    assert.match(start, /"validatorUrl":null/)
  })

  it('answers 500 without the reason when the tables cannot be read', async () => {
    const broken = await fixture.createReporting({
      select: () => Promise.reject(new Error('DB::Exception: no such table: cells')),
      close: () => Promise.resolve(),
    })
    const answer = await fixture.get('/api/v1/usage?dataset=usage', tokens.adminToken, broken)
    assert.equal(answer.statusCode, 500)
    assert.doesNotMatch(answer.body, /cells|DB::/)
    await broken.drain()
  })

  it('listens, answers over HTTP, and drains', async () => {
    const other = await fixture.createReporting()
    const url = await other.listen()
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal((await fetch(`${url}/health/live`)).status, 200)
    assert.match(await sendRaw(url, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json/)
    await Promise.all([other.drain(), other.drain()])
    await assert.rejects(fetch(`${url}/health/live`))
  })

  describe('OpenAPI', () => {
    let description: OpenApi
    before(async () => {
      description = (await get('/openapi.json')).json()
    })
    const operations = () =>
      Object.entries(description.paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
      )

    it('is 3.1 and has every route', () => {
      assert.match(description.openapi, /^3\.1\./)
      assert.deepEqual(
        operations()
          .map(({ name }) => name)
          .sort(),
        [
          'delete /api/v1/annotations/{id}',
          'delete /api/v1/partners/{id}',
          'delete /api/v1/session',
          'delete /api/v1/shares/{id}',
          'get /api/v1/annotations',
          'get /api/v1/dashboard',
          'get /api/v1/datasets',
          'get /api/v1/demo',
          'get /api/v1/partner-access',
          'get /api/v1/partners',
          'get /api/v1/quality',
          'get /api/v1/releases',
          'get /api/v1/releases/{day}/{dataset}/preview',
          'get /api/v1/session',
          'get /api/v1/shares',
          'get /api/v1/usage',
          'get /health/live',
          'get /health/ready',
          'get /metrics',
          'get /openapi.json',
          'get /partner/v1/datasets',
          'get /partner/v1/datasets/{dataset}/releases',
          'get /partner/v1/datasets/{dataset}/releases/{day}',
          'get /partner/v1/datasets/{dataset}/releases/{day}/datapackage.json',
          'get /partner/v1/datasets/{dataset}/releases/{day}/{file}',
          'get /partner/v1/delta/shares',
          'get /partner/v1/delta/shares/{share}',
          'get /partner/v1/delta/shares/{share}/all-tables',
          'get /partner/v1/delta/shares/{share}/schemas',
          'get /partner/v1/delta/shares/{share}/schemas/{schema}/tables',
          'get /partner/v1/delta/shares/{share}/schemas/{schema}/tables/{table}/metadata',
          'get /partner/v1/delta/shares/{share}/schemas/{schema}/tables/{table}/version',
          'get /partner/v1/files/{token}',
          'get /partner/v1/ledger/head',
          'get /privacy/disclosures',
          'get /privacy/ledger',
          'post /api/v1/annotations',
          'post /api/v1/demo',
          'post /api/v1/partners',
          'post /api/v1/releases',
          'post /api/v1/session',
          'post /api/v1/shares',
          'post /api/v1/usage/batch',
          'post /partner/v1/datasets/{dataset}/releases/{day}/links',
          'post /partner/v1/delta/shares/{share}/schemas/{schema}/tables/{table}/query',
        ],
      )
    })

    it('has a summary, described answers and known security for each', () => {
      for (const { name, operation } of operations()) {
        assert.ok(operation.summary, name)
        for (const [status, answer] of Object.entries(operation.responses)) {
          assert.match(status, /^[1-5]\d\d$/, name)
          assert.ok(answer.description, `${name} ${status}`)
          assert.ok(
            Object.values(answer.content ?? {}).every(({ schema }) => schema),
            `${name} ${status}`,
          )
          if (Number(status) >= 400 && !name.includes('ready'))
            // Delta Sharing has a form of its own for errors.
            assert.deepEqual(Object.keys(answer.content ?? {}), [
              name.includes('/delta/') ? 'application/json' : 'application/problem+json',
            ])
        }
        for (const scheme of (operation.security ?? []).flatMap((one) => Object.keys(one)))
          assert.ok(description.components.securitySchemes[scheme], name)
      }
    })

    it('describes every parameter of usage once, with an example', () => {
      const { parameters = [], responses } = description.paths['/api/v1/usage']!.get!
      assert.deepEqual(
        parameters.map(({ name }) => name),
        ['dataset', 'metrics', 'by', 'from', 'to', 'grain', 'where', 'totals', 'limit', 'format'],
      )
      for (const parameter of parameters) {
        assert.equal(parameter.in, 'query')
        assert.ok(parameter.description, parameter.name)
        assert.ok(parameter.example !== undefined || parameter.examples !== undefined, parameter.name)
        assert.ok(parameter.schema, parameter.name)
      }
      assert.deepEqual(Object.keys(responses), ['200', '400', '401', '403', '503'])
      assert.deepEqual(Object.keys(responses['200']!.content!), ['application/json', 'text/csv'])
    })

    it('has no reference that leads nowhere', () => {
      assert.doesNotMatch(JSON.stringify(description), /"\$ref"/)
    })
  })
})

function sendRaw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.on('data', (bytes) => {
      answer += bytes.toString()
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
}
