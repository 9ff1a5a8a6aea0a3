/** The commands of infra/senders/dcos.md make what they say. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { removeDirectory, temporaryDirectory } from '../fixtures/headcount-process.ts'
import { startCollector } from '../services/collector/running-collector.ts'
import { readText } from './deployment-files.ts'

let dir: string
before(async () => {
  dir = await temporaryDirectory()
  const blocks = [...readText('infra/senders/dcos.md').matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block)
  run(blocks.find((block) => block.startsWith('openssl req -x509'))!)
})
after(() => removeDirectory(dir))

function run(script: string): void {
  execFileSync('sh', ['-e', '-c', script], { cwd: dir, stdio: 'pipe' })
}

test('the certificate is one that the collector starts with, and that whoever trusts the authority takes for api.segment.io', async () => {
  const at = (name: string) => path.join(dir, name)
  const settings = { tlsCert: at('collector.pem'), tlsKey: at('collector.key'), collectorTlsPort: 0 }
  await using running = await startCollector({ settings })
  const ca = readFileSync(at('authority.pem'), 'utf8')
  const options = { ca, servername: 'api.segment.io', agent: false as const }
  const request = https.get(`${running.collector.tlsUrl}/health/live`, options)
  const [answer] = await once(request, 'response')
  answer.resume()
  assert.equal(answer.statusCode, 200)
})

test('the authority can sign for that name only', () => {
  const issue = (name: string) => {
    run(`openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=${name}' \
      -addext 'subjectAltName=DNS:${name}' -keyout other.key -out other.csr
    openssl x509 -req -in other.csr -CA authority.pem -CAkey authority.key -copy_extensions copy -days 9 -out other.pem`)
    run('openssl verify -CAfile authority.pem other.pem')
  }
  issue('api.segment.io')
  assert.throws(() => issue('www.example.org'), /permitted subtree violation/)
})
