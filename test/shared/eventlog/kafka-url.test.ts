import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KafkaUrlError, parseKafkaUrl } from '../../../shared/eventlog/kafka-url.ts'

const plain = { topicPrefix: 'headcount', tls: false, caFile: undefined, login: undefined }

describe('the URL of a Kafka event log', () => {
  it('names one broker, with a port or with Kafka’s own', () => {
    assert.deepEqual(parseKafkaUrl('kafka://one:9093'), { ...plain, brokers: ['one:9093'] })
    assert.deepEqual(parseKafkaUrl('kafka://one'), { ...plain, brokers: ['one:9092'] })
  })

  it('names several brokers and a prefix of the topics', () => {
    const brokers = ['one:9092', 'two.example:9093', '10.0.0.3:9094']
    const found = parseKafkaUrl('kafka://one,two.example:9093,10.0.0.3:9094/blue.test_1')
    assert.deepEqual(found, { ...plain, brokers, topicPrefix: 'blue.test_1' })
    assert.equal(parseKafkaUrl('kafka://one/').topicPrefix, 'headcount')
  })

  it('holds user and password percent-encoded, PLAIN unless it says otherwise', () => {
    const { login, tls, caFile } = parseKafkaUrl('kafka://us%3Aer:p%40ss:w%2Ford@one:1,two:2/x?tls=1&ca=/etc/ca.pem')
    assert.deepEqual(login, { mechanism: 'plain', username: 'us:er', password: 'p@ss:w/ord' })
    assert.deepEqual([tls, caFile], [true, '/etc/ca.pem'])
    assert.equal(parseKafkaUrl('kafka://u:p@one?sasl=scram-sha-512').login?.mechanism, 'scram-sha-512')
    assert.equal(parseKafkaUrl('kafka://one?ca=ca.pem').tls, true)
  })

  for (const [what, url] of [
    ['another scheme', 'redis://one:9092'],
    ['no broker', 'kafka://'],
    ['an empty broker between commas', 'kafka://one,,two'],
    ['a port of 0', 'kafka://one:0'],
    ['a port above 65535', 'kafka://one:65536'],
    ['a prefix with a slash', 'kafka://one/a/b'],
    ['an unknown setting', 'kafka://one?ssl=1'],
    ['an unknown mechanism', 'kafka://u:p@one?sasl=oauthbearer'],
    ['sasl without a user', 'kafka://one?sasl=plain&tls=1'],
    ['a user without a password', 'kafka://secret@one?tls=1'],
    ['a broken percent-encoding', 'kafka://u:secret%zz@one?tls=1'],
    ['certificates with TLS turned off', 'kafka://one?tls=0&ca=x.pem'],
    ['a password in the clear to another machine', 'kafka://u:secret@one:9092'],
  ] as const) {
    it(`is refused with ${what}, and the message does not repeat it`, () => {
      assert.throws(
        () => parseKafkaUrl(url),
        (error: Error) => error instanceof KafkaUrlError && !error.message.includes('secret'),
      )
    })
  }
})
