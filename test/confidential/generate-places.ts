/** Addresses, hosts, paths and URLs, by their grammars (RFC 5321, 4291, 3986; fast-check's own) and by the habits of systems. */
import fc from 'fast-check'
import { of } from './generate-secrets.ts'

const name = of('abcdefghijklmnopqrstuvwxyz', 2, 10)
const label = of('abcdefghijklmnopqrstuvwxyz0123456789', 1, 12)
const atom = of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~", 1, 20)
const topLevel = fc.constantFrom('com', 'org', 'net', 'de', 'co.uk', 'io', 'museum', 'рф', 'xn--p1ai')

export const email = fc.oneof(
  fc.emailAddress(),
  fc
    .tuple(fc.array(atom, { minLength: 1, maxLength: 3 }), label, topLevel)
    .map(([local, host, tld]) => `${local.join('.')}@${host}.${tld}`),
  fc.tuple(name, name, topLevel).map(([local, host, tld]) => `"${local} ${local}"@${host}.${tld}`),
  fc.tuple(name, name).map(([local, host]) => `${local}@[192.0.2.7] ${host}`),
)

export const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `${host}:${port}`),
  fc.tuple(fc.ipV6(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `[${host}]:${port}`),
  fc.tuple(fc.ipV4(), fc.integer({ min: 8, max: 32 })).map(([net, bits]) => `${net}/${bits}`),
)

export const mac = fc
  .tuple(fc.uint8Array({ minLength: 6, maxLength: 6 }), fc.constantFrom(':', '-', '.'), fc.boolean())
  .map(([bytes, between, isUpper]) => {
    const hex = Buffer.from(bytes).toString('hex')
    const text = (hex.match(between === '.' ? /.{4}/g : /../g) ?? []).join(between)
    return isUpper ? text.toUpperCase() : text
  })

export const host = fc.oneof(
  fc
    .tuple(
      label,
      name,
      fc.constantFrom('local', 'internal', 'lan', 'corp', 'intranet', 'mesos', 'svc.cluster.local', 'home.arpa'),
    )
    .map((all) => all.join('.')),
  fc
    .tuple(name, fc.integer({ min: 0, max: 999 }), name, fc.constantFrom('com', 'net', 'de', 'io'))
    .map(([role, number, company, tld]) => `${role}-${number}.${company}.${tld}`),
  of('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789', 7).map((rest) => `DESKTOP-${rest}`),
  fc
    .tuple(name, fc.constantFrom('MacBook-Pro', 'macbook', 'iPhone', 'thinkpad'))
    .map(([who, what]) => `${who}s-${what}`),
)

const segments = (between: string) =>
  fc
    .array(
      of('abcdefghijklmnopqrstuvwxyz0123456789_.-', 1, 12).filter((one) => !/^[.-]/.test(one)),
      { minLength: 1, maxLength: 5 },
    )
    .map((all) => all.join(between))
export const path = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('/home/', '/Users/', '/root/', '/etc/', '/var/lib/', '/opt/', '~/', 'file:///home/'),
      segments('/'),
    )
    .map((all) => all.join('')),
  fc.tuple(fc.constantFrom('C:', 'd:', 'Z:'), segments('\\')).map(([drive, rest]) => `${drive}\\${rest}`),
  fc.tuple(name, segments('\\')).map(([server, rest]) => `\\\\${server}\\${rest}`),
)

export const url = fc.oneof(
  fc
    .webUrl({ withQueryParameters: false })
    .chain((base) =>
      fc
        .tuple(name, of('abcdefghijklmnopqrstuvwxyz0123456789%+', 1, 20))
        .map(([key, value]) => `${base}?${key}=${value}`),
    ),
  fc
    .tuple(fc.constantFrom('https', 'postgres', 'redis', 'mongodb+srv', 'ftp'), name, name, name)
    .map(([scheme, user, word, server]) => `${scheme}://${user}:${word}@${server}/x`),
)
