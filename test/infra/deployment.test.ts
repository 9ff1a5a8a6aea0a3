/** Compose file, image and manifests: parsed, and set against the code. No engine runs them here. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'
import { settings, variableName } from '../../shared/config.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string) => readFile(path.join(root, file), 'utf8')
const known = new Set(Object.keys(settings).map(variableName))

interface Compose {
  services: Record<string, { image?: string; build?: unknown; healthcheck?: unknown; user?: string }>
}

async function deploymentFiles(): Promise<string[]> {
  const kubernetes = (await readdir(path.join(root, 'infra/kubernetes'))).filter((name) => name.endsWith('.yaml'))
  return ['docker-compose.yml', 'infra/container/Dockerfile', ...kubernetes.map((name) => `infra/kubernetes/${name}`)]
}

test('each HEADCOUNT_ variable in compose file, image and manifests is one that the code reads', async () => {
  let found = 0
  for (const file of await deploymentFiles()) {
    for (const [name] of (await read(file)).matchAll(/HEADCOUNT_[A-Z][A-Z_]*[A-Z]/g)) {
      found++
      assert.ok(known.has(name), `${file}: ${name} is no setting`)
    }
  }
  assert.ok(found > 10)
})

test('every image of the compose file is pinned to a version', async () => {
  const { services } = parse(await read('docker-compose.yml')) as Compose
  const images = Object.entries(services).flatMap(([name, { image, build }]) =>
    image && !build ? [[name, image] as const] : [],
  )
  assert.ok(images.length >= 3)
  for (const [name, image] of images) assert.match(image, /:v?\d+\.\d+(\.\d+)*[\w.-]*(@sha256:[0-9a-f]{64})?$/, name)
})

test('the stores and the three processes are in the compose file, each with a health check', async () => {
  const { services } = parse(await read('docker-compose.yml')) as Compose
  for (const name of ['kafka', 'redis', 'clickhouse', 'collector', 'worker', 'reporting']) {
    const service = services[name]
    assert.ok(service, `${name} is missing`)
    if (service.image && !service.build && !/headcount/.test(service.image))
      assert.ok(service.healthcheck, `${name} has no health check`)
  }
})

test('every Kubernetes file parses, and containers do not run as root', async () => {
  for (const file of (await deploymentFiles()).filter((name) => name.includes('kubernetes'))) {
    const text = await read(file)
    for (const document of parseAllDocuments(text)) assert.deepEqual(document.errors, [], file)
    if (/kind: (Deployment|StatefulSet)/.test(text)) assert.match(text, /runAsNonRoot: true/, file)
  }
})
