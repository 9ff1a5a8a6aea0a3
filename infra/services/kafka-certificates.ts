/** A certificate authority of its own and a broker's certificate from it, for a listener with TLS on 127.0.0.1. */
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { needProgram, runToEnd } from './run-program.ts'

const opensslMs = 30_000
const days = '30'

/** What a broker needs, and what a client is to trust. */
export interface BrokerCertificate {
  /** PKCS #12. */
  keystore: string
  keystorePassword: string
  /** PEM. */
  caFile: string
}

/** Makes keys and certificates in `dir`, good for 30 days, for 127.0.0.1 and localhost. */
export async function makeBrokerCertificate(dir: string): Promise<BrokerCertificate> {
  await needProgram('openssl', ['version'], 'OpenSSL, which makes certificates (Debian: apt-get install openssl)')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const at = (name: string) => path.join(dir, name)
  const openssl = (...args: string[]) => runToEnd('openssl', args, opensslMs)
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const authority = ['-subj', '/CN=Headcount test authority', '-keyout', at('ca.key'), '-out', at('ca.pem')]
  await openssl('req', '-x509', '-days', days, ...key, ...authority)
  await openssl('req', ...key, '-subj', '/CN=localhost', '-keyout', at('broker.key'), '-out', at('broker.csr'))
  await writeFile(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
  const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('names')]
  await openssl('x509', '-req', '-days', days, '-in', at('broker.csr'), ...signer, '-out', at('broker.pem'))
  const keystorePassword = randomBytes(16).toString('hex')
  await writeFile(at('keystore.password'), keystorePassword, { mode: 0o600 })
  const bundle = ['-inkey', at('broker.key'), '-in', at('broker.pem'), '-certfile', at('ca.pem')]
  const out = ['-passout', `file:${at('keystore.password')}`, '-out', at('broker.p12')]
  await openssl('pkcs12', '-export', ...bundle, ...out)
  return { keystore: at('broker.p12'), keystorePassword, caFile: at('ca.pem') }
}
