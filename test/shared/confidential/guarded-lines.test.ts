import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asProblem } from '../../../services/reporting/failure.ts'
import { withoutConfidentialLabels } from '../../../shared/confidential/guarded-registry.ts'
import { createLogger } from '../../../shared/logger.ts'
import { createMetrics } from '../../../shared/metrics.ts'

function logged(write: (logger: ReturnType<typeof createLogger>) => void, places = {}): Record<string, unknown> {
  const lines: string[] = []
  write(createLogger({ logLevel: 'trace', ...places }, { write: (line) => void lines.push(line) }))
  assert.equal(lines.length, 1)
  return JSON.parse(lines[0] as string) as Record<string, unknown>
}

test('a log line has no confidential word: not in its message, its members, their names, its bindings, an error', () => {
  const mail = 'jane@example.org'
  const { time, ...line } = logged((logger) =>
    logger
      .child({ bound: mail })
      .warn({ deep: [{ [mail]: `to ${mail}, now` }], at: '10.0.0.1:53' }, `seen ${mail} twice`),
  )
  assert.match(String(time), /^\d{4}-/)
  assert.deepEqual(line, {
    level: 40,
    bound: '(email)',
    deep: [{ '(email)': 'to (email), now' }],
    at: '(address)',
    msg: 'seen (email) twice',
  })
  const { err } = logged((logger) => logger.error({ err: new Error(`cannot read\n${mail} of /home/jane`) }, 'failed'))
  assert.equal((err as { message: string }).message, 'cannot read\n(email) of (path)')
})

test('an error is logged with its type, code and place, also by whoever answers with a problem instead', () => {
  const lines: string[] = []
  const logger = createLogger({ logLevel: 'error' }, { write: (line) => void lines.push(line) })
  asProblem(Object.assign(new TypeError('cells is not iterable'), { code: 'ERR_X' }), logger)
  const { err } = JSON.parse(lines[0] ?? '{}') as { err: Record<string, string> }
  assert.deepEqual([err.type, err.code, err.message], ['TypeError', 'ERR_X', 'cells is not iterable'])
  assert.match(err.stack ?? '', /guarded-lines/)
  const quoting = logged((one) => one.error({ err: new SyntaxError('Unexpected token j in jane') }, 'failed')).err
  assert.equal((quoting as { message: string }).message, '(quotes its input)')
})

test('words that are confidential only together take their line with them', () => {
  const { msg } = logged((logger) => logger.info('call me\non +1 415 555 0100 please'))
  assert.equal(msg, 'call me\n(withheld: phone)')
})

test('a text beyond all measure is cut at a word, and what is left is looked at', () => {
  const { msg } = logged((logger) => logger.info(`jane@example.org ${'and '.repeat(5000)}`))
  assert.match(String(msg), /^\(email\) and .{3000,4100}…$/)
  assert.equal(logged((logger) => logger.info('x'.repeat(5000))).msg, '…')
})

test('the installation’s own folders and servers may stand, somebody at them or beside them may not', () => {
  const places = {
    dataDir: '/home/count/data',
    eventLogUrl: 'kafka://user:password@kafka-1.internal:9092,10.1.1.1:9092/x?tls=1',
    warehouseUrl: 'https://default:p@db7.fra.example.com:8443/headcount',
  }
  const said = (text: string) => logged((logger) => logger.info(text), places).msg
  for (const text of [
    'cannot open /home/count/data/event-log/x',
    ...['connect ECONNREFUSED kafka-1.internal:9092', 'connect ECONNREFUSED 127.0.0.1:9092', 'no answer of 10.1.1.1'],
    'https://db7.fra.example.com:8443/ answers 500',
  ])
    assert.equal(said(text), text)
  assert.equal(said('jane@kafka-1.internal'), '(email)')
  assert.equal(said('/home/jane/data'), '(path)')
  assert.equal(said('https://default:p@db7.fra.example.com:8443/'), '(url)')
})

test('a label of a metric that looks confidential is its kind; the others are as they were', async () => {
  const metrics = createMetrics()
  const before = await metrics.registry.metrics()
  assert.doesNotMatch(before.replace(/confidential_values_total.*/g, ''), /="\(/, 'nothing of ours is withheld')
  metrics.rejected.inc({ reason: 'jane@example.org' })
  const after = await metrics.registry.metrics()
  assert.match(after, /headcount_events_rejected_total\{reason="\(email\)"\} 1/)
  assert.ok(!after.includes('jane'))
  assert.equal(withoutConfidentialLabels('a{b="C:\\\\Users\\\\x",c="d"} 1'), 'a{b="(path)",c="d"} 1')
})
