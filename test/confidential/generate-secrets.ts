/** Keys and tokens as their issuers document them, and random strings in the usual alphabets. */
import fc from 'fast-check'

const lower = 'abcdefghijklmnopqrstuvwxyz'
const upper = lower.toUpperCase()
const decimal = '0123456789'
const alphanumeric = lower + upper + decimal

export const of = (alphabet: string, min: number, max = min) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: min, maxLength: max }).map((all) => all.join(''))

/** Prefix, alphabet, length: put together here so that no line of this file looks like a key. */
const issued: readonly (readonly [string, string, number])[] = [
  ['AKIA', upper + decimal.slice(2, 8), 16],
  ['ASIA', upper + decimal.slice(2, 8), 16],
  ...(['ghp', 'gho', 'ghu', 'ghs', 'ghr'].map((kind) => [`${kind}_`, alphanumeric, 36]) as [string, string, number][]),
  ['github_pat_', alphanumeric, 82],
  ['glpat-', `${alphanumeric}_-`, 20],
  ['xoxb-1234567890-1234567890123-', alphanumeric, 24],
  ['AIza', `${alphanumeric}_-`, 35],
  ['sk_live_', alphanumeric, 24],
  ['rk_test_', alphanumeric, 24],
  ['npm_', alphanumeric, 36],
  ['pypi-AgEIcHlwaS5vcmc', `${alphanumeric}_-`, 60],
  ['hf_', lower + upper, 34],
  ['dop_v1_', '0123456789abcdef', 64],
  ['shpat_', '0123456789abcdef', 32],
  ['hvs.', `${alphanumeric}_-`, 24],
]

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = fc
  .tuple(
    fc.constantFrom('HS256', 'RS256', 'ES256', 'none'),
    fc.uuid(),
    fc.nat(),
    fc.uint8Array({ minLength: 32, maxLength: 64 }),
  )
  .map(
    ([alg, sub, iat, mac]) =>
      `${base64url({ alg, typ: 'JWT' })}.${base64url({ sub, iat })}.${Buffer.from(mac).toString('base64url')}`,
  )
const pem = fc
  .tuple(fc.constantFrom('RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED ', ''), fc.uint8Array({ minLength: 60, maxLength: 90 }))
  .map(([kind, bytes]) => `-----BEGIN ${kind}PRIVATE KEY-----\n${Buffer.from(bytes).toString('base64')}`)
const password = fc.tuple(
  of(`${alphanumeric}!$%&*?#@`, 6, 20),
  fc.constantFrom('password=', 'pwd: ', '"secret":"', 'api_key=', '--password '),
)

export const secret = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(...issued)
      .chain(([prefix, alphabet, length]) => of(alphabet, length).map((rest) => prefix + rest)),
  },
  jwt,
  pem,
  of(`${alphanumeric}-._~+/`, 16, 60).map((token) => `Bearer ${token}`),
  password.map(([word, before]) => `${before}${word}`),
)

/** What generators of passwords, keys and ids give out: bytes in base64 or base64url, or letters of an alphabet by chance. */
export const random = fc.oneof(
  fc.uint8Array({ minLength: 12, maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  fc.uint8Array({ minLength: 16, maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
  of(alphanumeric, 16, 48),
  of(lower + decimal, 16, 40),
  of(`${upper}234567`, 16, 40),
  of(lower, 16, 40),
)

export const identifier = fc.oneof(
  fc.uuid(),
  fc.uuid().map((id) => id.replaceAll('-', '')),
  fc.uuid().map((id) => `{${id.toUpperCase()}}`),
  of('0123456789abcdef', 24),
  of('0123456789abcdef', 32),
  of('0123456789abcdef', 40),
  of('0123456789ABCDEF', 64),
  of(decimal, 15, 20),
)
