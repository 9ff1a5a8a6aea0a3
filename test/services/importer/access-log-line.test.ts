import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAccessLogLine } from '../../../services/importer/access-log-line.ts'

const head = '203.0.113.9 - frank [17/May/2015:10:05:03 -0230]'

test('a combined line gives address, time in UTC, path and user agent', () => {
  assert.deepEqual(
    parseAccessLogLine(`${head} "GET /a?b=1 HTTP/1.1" 200 12 "http://r/" "Mozilla/5.0 (X; \\"q\\")"`, 'combined'),
    {
      ip: '203.0.113.9',
      time: Date.parse('2015-05-17T12:35:03Z'),
      path: '/a?b=1',
      userAgent: 'Mozilla/5.0 (X; \\"q\\")',
    },
  )
})

test('a line that is cut off in the user agent is a request all the same', () => {
  assert.equal(
    parseAccessLogLine(`${head} "GET / HTTP/1.1" 200 12 "-" "Mozilla/5.0 (cut`, 'combined')?.userAgent,
    'Mozilla/5.0 (cut',
  )
})

test('common lines, requests that are no HTTP, dashes and IPv6', () => {
  assert.equal(parseAccessLogLine(`${head} "GET /x HTTP/1.0" 304 -`, 'common')?.userAgent, '')
  assert.equal(parseAccessLogLine(`${head} "\\x16\\x03" 400 226 "-" "-"`, 'combined')?.path, '')
  assert.equal(
    parseAccessLogLine(`2001:db8::7 - - [01/Jan/2026:00:00:00 +0000] "-" 408 0`, 'common')?.ip,
    '2001:db8::7',
  )
})

test('anything else is undefined', () => {
  for (const line of [
    '',
    'hello',
    `${head} no request`,
    head.replace('May', 'Mai'),
    `x - - [99/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1`,
  ]) {
    assert.equal(parseAccessLogLine(line, 'combined'), undefined, line)
  }
})
