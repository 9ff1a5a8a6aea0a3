import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError, readConfig, settings, variableName, withoutCredentials } from '../../shared/config.ts'

test('every setting has a default that works', () => {
  const config = readConfig({})
  assert.equal(config.collectorPort, 8080)
  assert.equal(config.k, undefined)
  for (const [key, { describe }] of Object.entries(settings)) assert.ok(describe.length > 5, key)
})

test('a wrong value names the variable and what would be right', () => {
  const cases: [string, string, RegExp][] = [
    [
      'HEADCOUNT_COLLECTOR_PORT',
      '99999',
      /HEADCOUNT_COLLECTOR_PORT is "99999"; it must be a whole number from 0 to 65535/,
    ],
    ['HEADCOUNT_K', 'ten', /HEADCOUNT_K is "ten"/],
    // A key that was put into the wrong variable is not in the service's log.
    [
      'HEADCOUNT_COOKIE',
      'wk_9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c',
      /HEADCOUNT_COOKIE is "\((identifier|random|secret)\)"; it must be one of/,
    ],
    [
      'HEADCOUNT_TRUSTED_PROXIES',
      '10.0.0.0/99',
      /HEADCOUNT_TRUSTED_PROXIES has "10.0.0.0\/99"; each entry must be an IP address or a CIDR/,
    ],
    ['HEADCOUNT_WRITE_KEY', 'short', /HEADCOUNT_WRITE_KEY must be at least 16/],
    ['HEADCOUNT_COOKIE', 'yes', /HEADCOUNT_COOKIE is "yes"; it must be one of on, off/],
    [
      'HEADCOUNT_EVENT_LOG_URL',
      'amqp://user:secret@host',
      /HEADCOUNT_EVENT_LOG_URL is "amqp:\/\/…@host"; it must be embedded: or kafka:/,
    ],
    ['HEADCOUNT_KEY_VALUE_URL', 'redis:', /HEADCOUNT_KEY_VALUE_URL is "redis:"; it must be embedded: or redis:/],
    ['HEADCOUNT_WAREHOUSE_URL', 'http://', /HEADCOUNT_WAREHOUSE_URL is "http:\/\/"/],
    ['HEADCOUNT_PROT', '1', /HEADCOUNT_PROT is not a setting\. The settings are: HEADCOUNT_HOST/],
  ]
  for (const [name, value, expected] of cases) {
    assert.throws(
      () => readConfig({ [name]: value }),
      (error) => error instanceof ConfigError && expected.test(error.message),
      name,
    )
  }
})

test('trusted proxies are addresses and networks of both families', () => {
  const { trustedProxies } = readConfig({ HEADCOUNT_TRUSTED_PROXIES: '10.0.0.0/8, 2001:db8::/32,192.0.2.1' })
  assert.ok(trustedProxies.check('10.1.2.3'), 'v4 network')
  assert.ok(trustedProxies.check('2001:db8::9', 'ipv6'), 'v6 network')
  assert.ok(!trustedProxies.check('192.0.2.2'), 'not listed')
})

test('keys that senders may name are listed', () => {
  const { senderKeys } = readConfig({ HEADCOUNT_SENDER_KEYS: 'docs.example.org, compiledInKey0123456789' })
  assert.deepEqual(senderKeys, ['docs.example.org', 'compiledInKey0123456789'])
  assert.throws(() => readConfig({ HEADCOUNT_SENDER_KEYS: 'one two three' }), /at most 100 keys/)
})

test('an engine is embedded or a URL, which is shown without its password', () => {
  const url = 'kafka://user:secret@a:9092,b:9092/prefix?tls=1'
  assert.equal(readConfig({ HEADCOUNT_EVENT_LOG_URL: url }).eventLogUrl, url)
  assert.equal(readConfig({}).warehouseUrl, 'embedded:')
  assert.equal(withoutCredentials('https://user:secret@host:8123/db'), 'https://…@host:8123/db')
  assert.equal(withoutCredentials('https://host/db'), 'https://host/db')
})

test('names follow one rule', () => {
  assert.equal(variableName('bodyBytesMax'), 'HEADCOUNT_BODY_BYTES_MAX')
})

test('a machine on which our sender is turned off can run a server all the same', () => {
  assert.deepEqual(readConfig({ HEADCOUNT_TELEMETRY: 'off' }), readConfig({}))
})
