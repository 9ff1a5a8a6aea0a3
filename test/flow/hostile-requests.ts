/** Requests that nobody well-meaning sends, as the bytes that go over the socket; all from one seeded source. */
import { brotliCompressSync, gzipSync } from 'node:zlib'

export interface HostileRequest {
  kind: string
  /** Written one after the other, `pauseMs` apart. */
  pieces: Buffer[]
  pauseMs: number
  /** Whether our side of the connection is closed after the last piece. */
  end: boolean
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const mib = 1024 * 1024
const bombs = {
  gzip: gzipSync(Buffer.alloc(200 * mib)),
  br: brotliCompressSync(Buffer.alloc(200 * mib)),
}

/** Makes hostile requests. The write key is right unless the kind is about it, so that each gets as far as it can. */
export class HostileRequests {
  readonly #random: () => number
  readonly #writeKey: string
  readonly #kinds: [kind: string, make: () => Omit<HostileRequest, 'kind'>][]

  constructor(seed: number, writeKey: string) {
    this.#random = seeded(seed)
    this.#writeKey = writeKey
    this.#kinds = Object.entries({ ...this.#bodies(), ...this.#transport() })
  }

  next(): HostileRequest {
    const [kind, make] = this.#pick(this.#kinds)
    // Waiting for the time limit takes as long as hundreds of others.
    if (kind === 'slow body' && this.#random() > 0.1) return this.next()
    return { kind, ...make() }
  }

  #bodies(): Record<string, () => Omit<HostileRequest, 'kind'>> {
    const event = (members: string): string =>
      `{"id":"h${this.#below(1e9)}","time":"2026-11-23T10:15:00Z","feature":"services","device":"hostile",${members}}`
    const events = (members: string): Omit<HostileRequest, 'kind'> => this.#post(`{"events":[${event(members)}]}`)
    return {
      'malformed JSON': () => {
        const text = `{"events":[${event('"version":"2.1"')}]}`
        const at = this.#below(text.length)
        return this.#post(
          this.#pick([text.slice(0, at), text.slice(0, at) + text.slice(at + 1), `${text}]`, `x${text}`]),
        )
      },
      depth: () => {
        const depth = this.#pick([33, 100, 10_000, 400_000])
        const [open, close] = this.#pick([
          ['[', ']'],
          ['{"a":', '}'],
        ] as const)
        return this.#post(`{"events":[{"x":${open.repeat(depth)}1${close.repeat(this.#pick([0, depth]))}}]}`)
      },
      'huge string': () =>
        events(`"${this.#pick(['version', 'note', 'agents'])}":"${'x'.repeat(this.#below(900_000))}"`),
      'many names': () => events(Array.from({ length: 20_000 }, (_, index) => `"n${index}":${index}`).join()),
      'many events': () => this.#post(`{"events":[${'{},'.repeat(this.#pick([2_499, 2_500, 200_000]))}{}]}`),
      'wrong types': () => {
        const value = (): string => this.#pick(['null', 'true', '[]', '{}', '0', '-1e308', '"x"', '[[{}]]', '""'])
        return this.#post(
          this.#pick([
            value(),
            `{"events":${value()}}`,
            `{"events":[${value()},${value()}]}`,
            `{"events":[{"id":${value()},"time":${value()},"feature":${value()},"device":${value()},"version":${value()}}]}`,
          ]),
        )
      },
      'prototype keys': () =>
        events('"__proto__":{"version":"1.1","isAdmin":true},"constructor":{"prototype":{"x":1}},"hasOwnProperty":1'),
      'unknown fields': () => events(`"${this.#text()}":"${this.#text()}","email":"x@example.org"`),
      'NUL and lone surrogates': () =>
        this.#post(`{"events":[{"id":"\\u0000${this.#below(9)}","time":"2026-11-23T10:15:00Z","feature":"\\ud800","device":"\\udfff"},
          ${event('"version":"\\u0000\\ud800\\u2028","cluster":"\\u0000"')}]}`),
      'duplicate keys': () => events('"id":"dup","id":7,"device":"a","device":{},"version":"1.1","version":"1.2"'),
      'odd numbers': () =>
        events(`"agents":${this.#pick(['1e999', '-1e999', '1e-999', '9'.repeat(5000), '-0', '1E+2', 'NaN', '0x10'])}`),
      'odd times': () =>
        this.#post(
          `{"events":[{"id":"t","feature":"jobs","time":"${this.#pick(['9999-99-99T99:99:99Z', `2026-11-23T10:15:00.${'9'.repeat(90_000)}Z`, '2026-11-23T10:15:60Z', '+275760-09-13T00:00:00Z', ''])}"}]}`,
        ),
      'invalid UTF-8': () =>
        this.#post(Buffer.concat([Buffer.from('{"events":["'), this.#bytes(50), Buffer.from('"]}')])),
      'NDJSON garbage': () =>
        this.#post(
          Array.from({ length: 50 }, () =>
            this.#pick(['{', 'null', '[]', event('"x":1'), '[[[[', '', this.#text()]),
          ).join('\n'),
          'Content-Type: application/x-ndjson\r\n',
        ),
      'Segment garbage': () =>
        this.#post(
          `{"batch":[{"type":${this.#pick(['"track"', '"page"', '7', '{}'])},"event":${this.#pick(['"x"', '[]', '"__proto__"'])},"timestamp":"${this.#text()}",
            "properties":${this.#pick(['null', '[]', '{"url":"http://[","path":7}', '{"__proto__":{}}'])},"context":{"library":[],"userAgent":{}}}],"writeKey":"${this.#writeKey}"}`,
          '',
          '/v1/batch',
        ),
      'bad gzip': () => this.#post(this.#bytes(200), 'Content-Encoding: gzip\r\n'),
      'cut gzip': () => this.#post(gzipSync('{"events":[]}').subarray(0, 20), 'Content-Encoding: gzip\r\n'),
      'bad br': () => this.#post(this.#bytes(200), 'Content-Encoding: br\r\n'),
      'gzip bomb': () => this.#post(bombs.gzip, this.#pick(['Content-Encoding: gzip\r\n', ''])),
      'br bomb': () => this.#post(bombs.br, 'Content-Encoding: br\r\n'),
      'deflated bomb in JSON': () =>
        this.#post(gzipSync(`{"events":[${'['.repeat(8_000_000)}`), 'Content-Encoding: gzip\r\n'),
    }
  }

  #transport(): Record<string, () => Omit<HostileRequest, 'kind'>> {
    const head = (line: string, headers = ''): string =>
      `${line}\r\nHost: x\r\nAuthorization: Bearer ${this.#writeKey}\r\n${headers}`
    const post = 'POST /v1/events HTTP/1.1'
    return {
      'wrong authorization': () => {
        const authorization = this.#pick([
          'Bearer',
          'Basic ====',
          `Bearer ${this.#text()}`,
          `Basic ${'A'.repeat(8000)}`,
          ' ',
          ':',
        ])
        return raw(
          `${post}\r\nHost: x\r\nAuthorization: ${authorization}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
        )
      },
      'wrong method or path': () => {
        const method = this.#pick([
          'GET',
          'PUT',
          'DELETE',
          'PATCH',
          'OPTIONS',
          'HEAD',
          'TRACE',
          'PROPFIND',
          'QUERY',
          'CONNECT',
          'get',
        ])
        const path = this.#pick([
          '/v1/events',
          '/',
          '/%zz',
          '/..%2f..',
          '//',
          '*',
          `/${'a'.repeat(8000)}`,
          '/v1/events?%00',
          '/v1/batch/',
        ])
        return raw(head(`${method} ${path} HTTP/1.1`, 'Connection: close\r\nContent-Length: 2\r\n\r\n{}'))
      },
      'huge headers': () =>
        raw(head(post, `X: ${'y'.repeat(this.#pick([10_000, 20_000, 200_000]))}\r\nConnection: close\r\n\r\n`)),
      'many headers': () => raw(head(post, `${'X: y\r\n'.repeat(3000)}Connection: close\r\n\r\n`)),
      'odd headers': () =>
        raw(
          head(
            post,
            `${this.#pick(['Content-Type: \u0001\r\n', 'Content-Type: ;;;\r\n', 'X-Forwarded-For: ,,%,::::\r\n', 'Cookie: headcount=;=;headcount\r\n', 'Expect: magic\r\n', 'Content-Encoding: gzip, gzip, gzip\r\n', 'Upgrade: websocket\r\n'])}Connection: close\r\nContent-Length: 2\r\n\r\n{}`,
          ),
        ),
      'broken chunks': () =>
        raw(
          head(
            post,
            `Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${this.#pick(['zz\r\n', '5\r\n{}', 'ffffffffffffffff\r\n', '2;x=y\r\n{}\r\n0\r\n', '-1\r\n', '2\r\n{}junk\r\n'])}`,
          ),
          true,
        ),
      'two lengths': () =>
        raw(head(post, 'Content-Length: 2\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{}'), true),
      'truncated body': () => raw(head(post, 'Content-Length: 1000\r\n\r\n{"events":['), true),
      'not HTTP': () =>
        raw(this.#pick([this.#bytes(300), Buffer.from('\x16\x03\x01\x02'), Buffer.from('GET\r\n\r\n')]), true),
      'pipelined garbage': () => raw(`${head(post, 'Content-Length: 13\r\n\r\n{"events":[]}')}garbage\r\n\r\n`, true),
      'slow body': () => ({
        pieces: [head(post, 'Content-Length: 100000\r\n\r\n'), '{', '"', 'e', 'v'].map((text) => Buffer.from(text)),
        pauseMs: 50,
        end: false,
      }),
    }
  }

  #post(body: string | Buffer, headers = '', path = '/v1/events'): Omit<HostileRequest, 'kind'> {
    const bytes = Buffer.from(body as string)
    const authorization = path === '/v1/events' ? `Authorization: Bearer ${this.#writeKey}\r\n` : ''
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\n${authorization}${headers}Connection: close\r\n`
    if (this.#random() < 0.8)
      return raw(Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes]))
    const length = Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n${bytes.length.toString(16)}\r\n`)
    return bytes.length === 0
      ? raw(`${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)
      : raw(Buffer.concat([length, bytes, Buffer.from('\r\n0\r\n\r\n')]))
  }

  #text(): string {
    return Array.from({ length: this.#below(40) }, () => String.fromCharCode(0x23 + this.#below(0x38))).join('')
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#below(256)))
  }

  #below(max: number): number {
    return Math.floor(this.#random() * max)
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)] as T
  }
}

function raw(bytes: string | Buffer, end = false): Omit<HostileRequest, 'kind'> {
  return { pieces: [Buffer.from(bytes as string)], pauseMs: 0, end }
}
