import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { checkCertificate } from '../../../services/command-line/doctor-certificate.ts'
import { ConfigError } from '../../../shared/config.ts'
import { hasCertificate, readCertificate } from '../../../shared/http/certificate.ts'
import { dayMs } from '../../../shared/window.ts'
import { type CertificateFiles, TestAuthority } from '../../fixtures/certificates.ts'
import { removeDirectory, temporaryDirectory } from '../../fixtures/headcount-process.ts'

let now: number
let dir: string
let good: CertificateFiles
let other: CertificateFiles
before(async () => {
  dir = await temporaryDirectory()
  const authority = new TestAuthority(dir)
  good = authority.issue('DNS:api.segment.io', 'IP:127.0.0.1')
  other = authority.issue('DNS:other.example')
  now = Date.now()
})
after(() => removeDirectory(dir))

const read = (cert: string, key: string, at = now) => readCertificate({ tlsCert: cert, tlsKey: key }, at)

function file(name: string, content: string): string {
  writeFileSync(path.join(dir, name), content)
  return path.join(dir, name)
}

test('a certificate and its key are read, with names and end', () => {
  const found = read(good.cert, good.key)
  assert.equal(found.names, 'DNS:api.segment.io, IP Address:127.0.0.1')
  assert.ok(Math.abs(found.validTo - now - 30 * dayMs) < dayMs)
  const chain = file('chain.pem', readFileSync(good.cert, 'utf8') + readFileSync(path.join(dir, 'ca.pem'), 'utf8'))
  assert.equal(read(chain, good.key).names, found.names)
})

test('TLS is asked for with both files or not at all', () => {
  assert.equal(hasCertificate({ tlsCert: '', tlsKey: '' }), false)
  assert.equal(hasCertificate({ tlsCert: 'a', tlsKey: 'b' }), true)
  assert.throws(
    () => hasCertificate({ tlsCert: 'a', tlsKey: '' }),
    /^ConfigError: HEADCOUNT_TLS_CERT is set and HEADCOUNT_TLS_KEY is not/,
  )
  assert.throws(
    () => hasCertificate({ tlsCert: '', tlsKey: 'b' }),
    /^ConfigError: HEADCOUNT_TLS_KEY is set and HEADCOUNT_TLS_CERT is not/,
  )
})

test('what is wrong with the files is said with setting, file and mend', () => {
  const text = file('text.pem', 'hello\n')
  const locked = path.join(dir, 'locked.key')
  execFileSync('openssl', ['pkey', '-in', good.key, '-aes256', '-passout', 'pass:secret', '-out', locked])
  const reversed = file(
    'reversed.pem',
    readFileSync(path.join(dir, 'ca.pem'), 'utf8') + readFileSync(good.cert, 'utf8'),
  )
  const cases: [string, string, RegExp][] = [
    [path.join(dir, 'none.pem'), good.key, /^HEADCOUNT_TLS_CERT: \S+none\.pem does not exist$/],
    [good.cert, path.join(dir, 'none.key'), /^HEADCOUNT_TLS_KEY: \S+none\.key does not exist$/],
    [dir, good.key, /^HEADCOUNT_TLS_CERT: \S+ cannot be read \(EISDIR\)$/],
    [text, good.key, /^HEADCOUNT_TLS_CERT: \S+text\.pem has no certificate in PEM form/],
    [good.cert, text, /^HEADCOUNT_TLS_KEY: \S+text\.pem has no private key in PEM form/],
    [good.cert, locked, /^HEADCOUNT_TLS_KEY: \S+locked\.key has no private key .*openssl pkey/],
    [good.cert, other.key, /^HEADCOUNT_TLS_KEY: \S+ is not the key of the first certificate in \S+server-1\.pem/],
    [reversed, good.key, /in a chain the server’s own certificate comes first$/],
  ]
  for (const [cert, key, expected] of cases)
    assert.throws(
      () => read(cert, key),
      (error) => error instanceof ConfigError && expected.test(error.message),
      `${expected}`,
    )
})

test('one that has ended, or has not begun, is not used', () => {
  assert.throws(
    () => read(good.cert, good.key, now + 31 * dayMs),
    /ended at \d{4}-\d\d-\d\dT.*Z; put a new certificate there$/,
  )
  assert.throws(() => read(good.cert, good.key, now - dayMs), /is not valid before .*is this machine’s clock right/)
})

test('the doctor says when a certificate ends, warns two weeks before, and fails after', () => {
  const settings = { tlsCert: good.cert, tlsKey: good.key }
  const look = (days: number) => checkCertificate(settings, now + days * dayMs)
  assert.deepEqual([look(0).level, look(20).level, look(31).level], ['ok', 'warn', 'FAIL'])
  assert.match(look(0).what, /^certificate for DNS:api\.segment\.io, IP Address:127\.0\.0\.1, good until \d{4}/)
  assert.match(look(20).mend, /^9 days are left/)
  assert.equal(checkCertificate({ tlsCert: '', tlsKey: '' }, now).level, 'info')
})
