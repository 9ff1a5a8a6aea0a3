/** What a value can look like that nobody is to keep: the closed set of labels, with what each stands for. */
export const confidentialKinds = {
  email: 'an email address, or a user at a host',
  phone: 'a telephone number',
  card: 'a payment card number',
  iban: 'a bank account number',
  'national-id': 'a social security number',
  secret: 'a key, token, password or certificate',
  url: 'a URL with a user, a password or a query',
  path: 'a private path of a file system',
  address: 'an IP address',
  mac: 'a hardware address',
  host: 'the name of a machine or an internal network',
  identifier: 'a UUID, a long number or a long hexadecimal id',
  random: 'a random string, as keys and ids are',
  disguised: 'text encoded again and again',
  long: 'more text than a value can have',
} as const

export type ConfidentialKind = keyof typeof confidentialKinds

/** What no text that stays for good may look like: it names somebody, or opens something. Names of machines may be meant. */
const personalKinds: readonly ConfidentialKind[] = ['email', 'phone', 'card', 'iban', 'national-id', 'secret']

export function isPersonal(kind: ConfidentialKind | undefined): boolean {
  return kind !== undefined && personalKinds.includes(kind)
}
