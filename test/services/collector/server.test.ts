import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { adminToken, event, startCollector, writeKey } from './running-collector.ts'

test('a wrong or missing key is 401 with a challenge, and nothing is written', async () => {
  await using running = await startCollector()
  for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${writeKey}`, writeKey, `Bearer ${adminToken}`]) {
    const answer = await running.send({ events: [event] }, { authorization })
    assert.equal(answer.status, 401, authorization)
    assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  }
  assert.equal((await running.send({ events: [event] }, { authorization: `bearer  ${writeKey} ` })).status, 200)
  assert.equal(running.records().length, 1)
})

test('GPC and DNT: answered, counted, nothing kept and no cookie set', async () => {
  await using running = await startCollector()
  for (const headers of [{ 'sec-gpc': '1' }, { dnt: '1' }]) {
    const answer = await running.send({ events: [event] }, { ...headers, origin: 'https://dcos.example' })
    assert.deepEqual(await answer.json(), { accepted: 0, rejected: [] })
    assert.equal(answer.headers.get('set-cookie'), null)
  }
  const segment = await running.send({ batch: [] }, { dnt: '1' }, '/v1/batch')
  assert.deepEqual(await segment.json(), { success: true })
  assert.equal(running.log.appends, 0)
  assert.match(await running.metrics.registry.metrics(), /declined_total\{signal="dnt"\} 2/)
})

test('success is answered only once the log has the records', async () => {
  await using running = await startCollector()
  let open = (): void => undefined
  running.log.gate = new Promise((resolve) => {
    open = resolve
  })
  let answered = false
  const sent = running.send({ events: [event] }).then((answer) => {
    answered = true
    return answer
  })
  await sleep(100)
  assert.equal(answered, false)
  open()
  assert.equal((await sent).status, 200)
})

test('while the log is away: 503 with Retry-After, one line in the log, nothing counted as accepted', async () => {
  await using running = await startCollector()
  running.log.unavailable = true
  for (let round = 0; round < 3; round++) {
    const answer = await running.send({ events: [event] })
    assert.equal(answer.status, 503)
    assert.ok(Number(answer.headers.get('retry-after')) > 0)
  }
  assert.equal(running.lines.filter((line) => line.includes('event log')).length, 1)
  assert.ok(!(await running.metrics.registry.metrics()).includes('accepted_total{'))
  running.log.unavailable = false
  assert.equal((await running.send({ events: [event] })).status, 200)
})

test('too many bytes pending: 503 with Retry-After, until they are durable', async () => {
  await using running = await startCollector({ settings: { pendingBytesMax: 1000 } })
  let open = (): void => undefined
  running.log.gate = new Promise((resolve) => {
    open = resolve
  })
  const waiting = running.send({ events: [{ ...event, note: 'x'.repeat(2000) }] })
  while (running.log.appends === 0) await sleep(5)
  const shed = await running.send({ events: [event] })
  assert.equal(shed.status, 503)
  assert.ok(shed.headers.get('retry-after'))
  open()
  assert.equal((await waiting).status, 200)
  assert.equal((await running.send({ events: [event] })).status, 200)
})

test('drain finishes what is running, takes nothing new, and ends', async () => {
  const running = await startCollector()
  let open = (): void => undefined
  running.log.gate = new Promise((resolve) => {
    open = resolve
  })
  const sent = running.send({ events: [event] })
  while (running.log.appends === 0) await sleep(5)
  const drained = running.collector.drain()
  await assert.rejects(fetch(`${running.url}/health/live`))
  open()
  assert.deepEqual(await (await sent).json(), { accepted: 1, rejected: [] })
  const from = Date.now()
  await drained
  await running.collector.drain()
  assert.ok(Date.now() - from < 2000, 'an idle kept-alive connection must not hold it up')
  assert.equal(running.records().length, 1)
})

test('health, catalogue and metrics', async () => {
  await using running = await startCollector({ ready: false })
  assert.equal((await fetch(`${running.url}/health/live`)).status, 200)
  const ready = await fetch(`${running.url}/health/ready`)
  assert.equal(ready.status, 503)
  assert.deepEqual(await ready.json(), { status: 'not ready', checks: { worker: 'behind', sink: 'ok' } })
  const catalogue = (await (await fetch(`${running.url}/v1/catalogue`)).json()) as { features: { id: string }[] }
  assert.ok(catalogue.features.some(({ id }) => id === 'services'))
  assert.equal((await fetch(`${running.url}/metrics`)).status, 401)
  assert.equal(
    (await fetch(`${running.url}/metrics`, { headers: { authorization: `Bearer ${writeKey}` } })).status,
    401,
  )
  const metrics = await fetch(`${running.url}/metrics`, { headers: { authorization: `Bearer ${adminToken}` } })
  assert.match(await metrics.text(), /headcount_http_requests_total\{service="collector",status="5xx"\} 1/)
})

test('unknown paths are 404, other methods 405 with Allow; all are problems and none quotes the path', async () => {
  await using running = await startCollector()
  const tries: [string, string, number, string | null][] = [
    ['GET', '/canary', 404, null],
    ['POST', '/v1/canary', 404, null],
    ['GET', '/v1/events', 405, 'POST'],
    ['DELETE', '/v1/batch', 405, 'POST'],
    ['POST', '/v1/catalogue', 405, 'GET, HEAD'],
    ['PUT', '/health/live?canary', 405, 'GET, HEAD'],
    ['GET', '/canary%zz', 400, null],
  ]
  for (const [method, path, status, allow] of tries) {
    const answer = await fetch(running.url + path, { method })
    assert.equal(answer.status, status, `${method} ${path}`)
    assert.equal(answer.headers.get('allow'), allow)
    assert.equal(answer.headers.get('content-type'), 'application/problem+json')
    assert.ok(!(await answer.text()).includes('canary'))
  }
})

test('a slow body is ended with 408', async () => {
  await using running = await startCollector({ settings: { requestTimeoutMs: 300 } })
  const { port } = new URL(running.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(
    `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${writeKey}\r\nContent-Length: 100\r\n\r\n{"events"`,
  )
  let text = ''
  for await (const chunk of socket) text += chunk
  assert.match(text, /^HTTP\/1\.1 408 /)
  assert.match(text, /application\/problem\+json/)
})

test('what is not HTTP is answered with a problem, headers that are too large with 431', async () => {
  await using running = await startCollector()
  const { port } = new URL(running.url)
  const say = async (sent: string): Promise<string> => {
    const socket = connect(Number(port), '127.0.0.1')
    socket.end(sent)
    let text = ''
    for await (const chunk of socket) text += chunk
    return text
  }
  const answer = await say('canary\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.ok(answer.includes('problem+json') && !answer.includes('canary'))
  assert.match(await say(`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
})

test('a client that goes away in the middle of its body harms nobody', async () => {
  await using running = await startCollector()
  for (let round = 0; round < 5; round++) {
    const request = httpRequest(`${running.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${writeKey}`, 'content-length': 1000 },
    })
    request.on('error', () => undefined)
    request.write('{"events":[')
    await sleep(10)
    request.destroy()
  }
  assert.equal((await running.send({ events: [event] })).status, 200)
  assert.equal(running.records().length, 1)
  assert.ok(!running.lines.some((line) => line.includes('unexpectedly')))
})

test('nothing that identifies a sender reaches the logger', async () => {
  await using running = await startCollector()
  running.log.unavailable = true
  await running.send(
    { events: [{ ...event, id: 'canary-id', device: 'canary-device' }] },
    { 'user-agent': 'canary-agent' },
  )
  await running.send('{"canary', { cookie: 'canary=1' })
  assert.ok(running.lines.length > 0)
  assert.ok(!running.lines.join('').includes('canary'))
})

test('answers carry nosniff', async () => {
  await using running = await startCollector()
  for (const path of ['/v1/catalogue', '/nowhere', '/v1/events'])
    assert.equal((await fetch(running.url + path)).headers.get('x-content-type-options'), 'nosniff', path)
})
