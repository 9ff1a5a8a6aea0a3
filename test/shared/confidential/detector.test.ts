import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCatalogue } from '../../../shared/catalogue-file.ts'
import { confidentialKind, textCharactersMax } from '../../../shared/confidential/detector.ts'
import type { ConfidentialKind } from '../../../shared/confidential/kind.ts'

const examples: Record<ConfidentialKind, readonly string[]> = {
  email: ['jane@example.org', '"j d"@example.org', 'jane+tag@mail.example.co.uk', 'jane@[192.0.2.1]', 'root@db1'],
  phone: ['+1 415 555 0100', '(415) 555-0100', '415-555-0100', '4155550100', '030 1234567', '01 23 45 67 89'],
  card: ['4111 1111 1111 1111', '378282246310005', 'no. 5555-5555-5555-4444!', '6011111111111117'],
  iban: ['GB82 WEST 1234 5698 7654 32', 'DE89370400440532013000', 'fr1420041010050500013m02606'],
  'national-id': ['123-45-6789', 'SSN 219 09 9999'],
  secret: ['AKIAIOSFODNN7EXAMPLE', 'Bearer abcdefghijklmnop', 'password=hunter2', '-----BEGIN EC PRIVATE KEY-----'],
  url: ['https://jane:pass@example.org/', 'https://example.org/?q=jane', '/search?query=jane'],
  path: ['/home/jane/x', '/Users/jane', 'C:\\Users\\jane', '\\\\server\\share\\x', '~/.ssh/id', '../../etc/passwd'],
  address: ['10.0.0.1', '8.8.8.8:53', 'fe80::1', '[2001:db8::1]:80', '::ffff:192.0.2.1'],
  mac: ['00:1a:2b:3c:4d:5e', '00-1A-2B-3C-4D-5E', '001a.2b3c.4d5e'],
  host: ['db.prod.internal', 'marathon.mesos', 'node7.fra.example.com', 'Janes-MacBook-Pro', 'DESKTOP-AB12CD3'],
  identifier: ['550e8400-e29b-41d4-a716-446655440000', 'd41d8cd98f00b204e9800998ecf8427e', '507f1f77bcf86cd799439011'],
  random: ['xK9mP2vQ7nR4tY8wZ3bC', 'qxkzjvwpmbtrhgdc'],
  disguised: ['%252525252540'],
  long: ['a '.repeat(textCharactersMax)],
}

for (const [kind, texts] of Object.entries(examples))
  test(`${kind} is known by its forms, alone and in a sentence`, () => {
    for (const text of texts) {
      assert.equal(confidentialKind(text), kind, text)
      assert.notEqual(confidentialKind(`seen: ${text}, again`), undefined, text)
    }
  })

test('a disguise does not help: other digits and letters, invisible characters, encodings, words for signs', () => {
  for (const text of [
    ...[
      'jane＠example．org',
      'jane%40example.org',
      'jane%2540example.org',
      'jane&#64;example.org',
      'jane&#x40;example.org',
    ],
    ...[
      'j\u200bane@\u200bexample\u00ad.org',
      'jаne@exаmple.org',
      'jane (at) example [dot] org',
      'jane at example dot org',
    ],
    ...['\\u006aane\\u0040example.org', 'jane&commat;example&period;org', '𝐣𝐚𝐧𝐞@𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐨𝐫𝐠', 'jané@exämple.org'],
    ...[
      '＋４９ ３０ １２３４５６７',
      '٤١١١ ١١١١ ١١١١ ١١١١',
      '4111–1111–1111–1111',
      '4111\u00a01111\u00a01111\u00a01111',
    ],
    ...[
      '/hоme/jane',
      '%2Fhome%2Fjane',
      'C:\\\\Users\\\\jane',
      '１０.０.０.１',
      '10。0。0。1',
      'ＧＢ82 WEST 1234 5698 7654 32',
    ],
  ])
    assert.notEqual(confidentialKind(text), undefined, text)
})

test('nothing of the catalogue is confidential, and no version, country or word of software is', () => {
  const { features, dimensions, measures, datasets } = readCatalogue('')
  const declared = [
    ...features.flatMap(({ id, title, paths }) => [id, title, ...paths]),
    ...dimensions.flatMap(({ id, title }) => [id, title]),
    ...dimensions.flatMap(({ domain }) => (domain.kind === 'values' ? [...domain.values] : [])),
    ...dimensions.flatMap(({ domain }) => (domain.kind === 'buckets' ? domain.labels : [])),
    ...[...measures, ...datasets].flatMap(({ id, title }) => [id, title]),
  ]
  const others = ['2.1.0-beta.3', '1.13.2', '(other)', '(none)', 'DE', '2026-11-25T12:00:00.000Z', '120.0.6099.71']
  const words = [
    'x86_64-unknown-linux-gnu',
    'kafka@2.1.0',
    '@scope/package',
    'std::string',
    '12:30:45',
    'org.apache.kafka',
  ]
  for (const text of [...declared, ...others, ...words]) assert.equal(confidentialKind(text), undefined, text)
})

test('hostile text costs no more than its length: four times as long takes hardly more than four times', () => {
  const pieces = [
    'a',
    '1',
    '1 ',
    '@',
    'a@',
    'a.',
    '%25',
    '&amp;',
    ':',
    'a:',
    '/',
    '\\',
    '-',
    '1-',
    '(1',
    ' at a',
    'eyJ',
    'AB12 ',
  ]
  pieces.push(
    'password ',
    '0.',
    'ａ',
    'a-',
    '(at)',
    '../',
    '-----BEGIN ',
    '::1',
    'a1.',
    'ip-1-1-',
    '+1',
    'x@-',
    '4 1',
    '=',
    '&#',
    '~a',
  )
  const fastest = (text: string) =>
    Math.min(
      ...Array.from({ length: 7 }, () => {
        const start = performance.now()
        confidentialKind(text)
        return performance.now() - start
      }),
    )
  for (const piece of pieces) {
    const of = (characters: number) => piece.repeat(Math.ceil(characters / piece.length)).slice(0, characters)
    const [short, long] = [fastest(of(textCharactersMax / 4)), fastest(of(textCharactersMax))]
    assert.ok(long < 20 || long < short * 9, `${JSON.stringify(piece)}: ${short} ms, then ${long} ms`)
    assert.ok(long < 200, `${JSON.stringify(piece)}: ${long} ms`)
    assert.equal(confidentialKind(piece.repeat(1e6)), 'long')
  }
})
