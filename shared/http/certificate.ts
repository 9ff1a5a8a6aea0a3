/** The certificate of a server with TLS and its key, read from the files that the settings name, and looked at before use. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { type Config, ConfigError, variableName } from '../config.ts'

export const tlsVersionMin = 'TLSv1.2'

export type CertificateSettings = Pick<Config, 'tlsCert' | 'tlsKey'>

export interface Certificate {
  /** PEM; the server's own certificate first, then those that lead to one that clients know. */
  readonly cert: string
  readonly key: string
  /** Names and addresses it is good for, as `DNS:a.example, IP Address:192.0.2.1`. */
  readonly names: string
  /** Start and end of the server's own one; ms since the Unix epoch. */
  readonly validFrom: number
  readonly validTo: number
}

/** Whether the settings ask for TLS. @throws ConfigError when only one of the files is named */
export function hasCertificate({ tlsCert, tlsKey }: CertificateSettings): boolean {
  if (tlsCert !== '' && tlsKey !== '') return true
  if (tlsCert === '' && tlsKey === '') return false
  const [given, missing] = tlsCert === '' ? (['tlsKey', 'tlsCert'] as const) : (['tlsCert', 'tlsKey'] as const)
  throw new ConfigError(`${variableName(given)} is set and ${variableName(missing)} is not; TLS needs both files`)
}

/**
 * Reads both files.
 * @param now ms since the Unix epoch
 * @throws ConfigError when a file cannot be read or is not what it should be, or the certificate is not valid now
 */
export function readCertificate({ tlsCert, tlsKey }: CertificateSettings, now: number): Certificate {
  const cert = readPem('tlsCert', tlsCert)
  const key = readPem('tlsKey', tlsKey)
  const own = ownCertificate(cert, tlsCert)
  if (!own.checkPrivateKey(privateKey(key, tlsKey)))
    throw wrong(
      'tlsKey',
      tlsKey,
      `is not the key of the first certificate in ${tlsCert}; in a chain the server’s own certificate comes first`,
    )
  const [validFrom, validTo] = [Date.parse(own.validFrom), Date.parse(own.validTo)]
  if (now > validTo) throw wrong('tlsCert', tlsCert, `ended at ${dateOf(validTo)}; put a new certificate there`)
  if (now < validFrom)
    throw wrong('tlsCert', tlsCert, `is not valid before ${dateOf(validFrom)}; is this machine’s clock right?`)
  try {
    createSecureContext({ cert, key, minVersion: tlsVersionMin })
  } catch (error) {
    throw wrong('tlsCert', tlsCert, `cannot be used: ${(error as Error).message}`)
  }
  return { cert, key, names: own.subjectAltName ?? '', validFrom, validTo }
}

/** `2026-11-25T18:00:00Z`. @param time ms since the Unix epoch */
export function dateOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}

function readPem(setting: keyof CertificateSettings, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw wrong(setting, file, 'does not exist')
    if (code === 'EACCES') throw wrong(setting, file, 'may not be read by this user')
    throw wrong(setting, file, `cannot be read (${code})`)
  }
}

function ownCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw wrong('tlsCert', file, 'has no certificate in PEM form (-----BEGIN CERTIFICATE-----)')
  }
}

function privateKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch {
    const mend = 'a passphrase is taken off with `openssl pkey -in FILE -out OTHER`'
    throw wrong('tlsKey', file, `has no private key in PEM form without a passphrase; ${mend}`)
  }
}

function wrong(setting: keyof CertificateSettings, file: string, what: string): ConfigError {
  return new ConfigError(`${variableName(setting)}: ${file} ${what}`)
}
