import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import https from 'node:https'
import { connect as connectPlain } from 'node:net'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { ManualClock } from '../../../shared/clock.ts'
import { dayMs } from '../../../shared/window.ts'
import { type CertificateFiles, TestAuthority } from '../../fixtures/certificates.ts'
import { removeDirectory, temporaryDirectory } from '../../fixtures/headcount-process.ts'
import { until } from '../../fixtures/until.ts'
import { event, type RunningCollector, startCollector, writeKey } from './running-collector.ts'

let dir: string
let authority: TestAuthority
let issued: CertificateFiles
before(async () => {
  dir = await temporaryDirectory()
  authority = new TestAuthority(dir)
  issued = authority.issue('DNS:api.segment.io', 'IP:127.0.0.1')
})
after(() => removeDirectory(dir))

const settingsOf = ({ cert, key }: CertificateFiles) => ({ tlsCert: cert, tlsKey: key, collectorTlsPort: 0 })

/** With TLS, as a client that trusts the authority and looks for a name. */
async function post(running: RunningCollector, body: string, servername = 'api.segment.io'): Promise<[number, string]> {
  const request = https.request(`${running.collector.tlsUrl}/v1/events`, {
    method: 'POST',
    ca: authority.pem,
    servername,
    headers: { authorization: `Bearer ${writeKey}` },
    agent: false,
  })
  request.end(body)
  const [answer] = await once(request, 'response')
  let text = ''
  for await (const chunk of answer) text += chunk
  return [answer.statusCode, text]
}

async function handshake(running: RunningCollector, options: object = {}): Promise<TLSSocket> {
  const { port } = new URL(running.collector.tlsUrl ?? '')
  const socket = connect({
    port: Number(port),
    host: '127.0.0.1',
    ca: authority.pem,
    servername: 'api.segment.io',
    ...options,
  })
  await once(socket, 'secureConnect')
  return socket
}

test('events come in with TLS, beside the plain door and with the same answers', async () => {
  await using running = await startCollector({ settings: settingsOf(issued) })
  const [status, body] = await post(running, JSON.stringify({ events: [event, { ...event, id: '' }] }))
  assert.equal(status, 200)
  assert.match(body, /^\{"accepted":1,"rejected":\[\{"index":1/)
  assert.equal((await running.send({ events: [{ ...event, id: 'e2' }] })).status, 200)
  assert.equal(running.log.appends, 2)
  const counted = await running.metrics.requests.get()
  assert.deepEqual(
    counted.values.filter(({ value }) => value > 0).map(({ labels, value }) => [labels.status, value]),
    [['2xx', 2]],
  )
  const { values } = await running.metrics.certificateEnd.get()
  assert.ok(Math.abs((values[0]?.value ?? 0) * 1000 - Date.now() - 30 * dayMs) < dayMs)
})

test('without a certificate nothing listens with TLS', async () => {
  await using running = await startCollector()
  assert.equal(running.collector.tlsUrl, undefined)
})

test('a client that does not trust the authority, or looks for another name, sends nothing', async () => {
  await using running = await startCollector({ settings: settingsOf(issued) })
  await assert.rejects(post(running, '{}', 'api.example.org'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  await assert.rejects(fetch(`${running.collector.tlsUrl}/health/live`), (error: Error) =>
    /UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|SELF_SIGNED/.test(String((error.cause as { code?: string }).code)),
  )
})

test('TLS 1.2 and 1.3 are spoken, 1.1 is not', async () => {
  await using running = await startCollector({ settings: settingsOf(issued) })
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const socket = await handshake(running, { minVersion: version, maxVersion: version })
    assert.equal(socket.getProtocol(), version)
    socket.destroy()
  }
  // At the lowest level of security the client itself would speak it.
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }
  await assert.rejects(handshake(running, old), { code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
})

test('what is no TLS, or no HTTP within it, ends that connection and no other', async () => {
  await using running = await startCollector({ settings: settingsOf(issued) })
  const { port } = new URL(running.collector.tlsUrl ?? '')
  const plain = connectPlain(Number(port), '127.0.0.1')
  plain.on('error', () => undefined)
  plain.write('GET / HTTP/1.1\r\n\r\n')
  plain.resume()
  await once(plain, 'close')
  const socket = await handshake(running)
  socket.write('no HTTP\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += chunk
  assert.match(text, /^HTTP\/1\.1 400 /)
  assert.equal((await post(running, JSON.stringify({ events: [event] })))[0], 200)
})

test('a new certificate is taken from the files without a restart; one that does not fit is not', async () => {
  const files = { cert: path.join(dir, 'current.pem'), key: path.join(dir, 'current.key') }
  const put = (next: CertificateFiles) => {
    copyFileSync(next.cert, files.cert)
    copyFileSync(next.key, files.key)
  }
  put(issued)
  await using running = await startCollector({ settings: { ...settingsOf(files), requestTimeoutMs: 300_000 } })
  const shown = async () => {
    const socket = await handshake(running)
    const { subject } = socket.getPeerCertificate()
    socket.destroy()
    return subject.CN
  }
  const kept = await handshake(running)
  const first = await shown()
  const next = authority.issue('DNS:api.segment.io')
  copyFileSync(next.cert, files.cert)
  await until(() => running.lines.some((line) => line.includes('the certificate in use stays')), 60_000)
  assert.equal(await shown(), first)
  put(next)
  await until(() => running.lines.some((line) => line.includes('the certificate was exchanged')), 60_000)
  assert.notEqual(await shown(), first)
  kept.write('GET /health/live HTTP/1.1\r\nhost: api.segment.io\r\nconnection: close\r\n\r\n')
  let text = ''
  for await (const chunk of kept) text += chunk
  assert.match(text, /^HTTP\/1\.1 200 /, 'a connection that was open goes on')
})

test('a start with a certificate that has ended stops and says so', async () => {
  const clock = new ManualClock(Date.now() + 31 * dayMs)
  await assert.rejects(startCollector({ settings: settingsOf(issued), clock }), /HEADCOUNT_TLS_CERT: \S+ ended at /)
})

test('a stop waits for a request that came in with TLS, and takes no more', async () => {
  const running = await startCollector({ settings: settingsOf(issued) })
  const url = new URL(running.collector.tlsUrl ?? '')
  const options = { method: 'POST', ca: authority.pem, servername: 'api.segment.io', agent: false as const }
  const request = https.request(`${url.href}v1/events`, {
    ...options,
    headers: { authorization: `Bearer ${writeKey}` },
  })
  const body = JSON.stringify({ events: [event] })
  request.write(body.slice(0, 10))
  await until(async () => (await running.metrics.pendingBytes.get()).values[0]!.value > 0)
  const drained = running.collector.drain()
  request.end(body.slice(10))
  const [answer] = await once(request, 'response')
  answer.resume()
  assert.equal(answer.statusCode, 200)
  await drained
  await assert.rejects(handshake({ ...running }), { code: 'ECONNREFUSED' })
})
