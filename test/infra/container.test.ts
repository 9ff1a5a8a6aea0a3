/** The image, which no machine without Docker can build: what can be known of it from its files. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { variableName } from '../../shared/config.ts'
import { readText, roles, settingNames, top } from './deployment-files.ts'

const dockerfile = readText('infra/container/Dockerfile')
const stage = dockerfile.slice(dockerfile.lastIndexOf('FROM '))
const health = path.join(top, 'infra/container/health.mjs')

/** Whether `.dockerignore` lets a file into the build; its last rule that fits decides. */
function isInContext(file: string): boolean {
  const rules = readText('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  let isIn = true
  for (const rule of rules) {
    const pattern = rule.replace(/^!/, '')
    const fits = pattern === '**/*.md' ? file.endsWith('.md') : pattern === '*' || `${file}/`.startsWith(`${pattern}/`)
    if (fits) isIn = rule.startsWith('!')
  }
  return isIn
}

/** The files that the processes import from each other, from their entry points on. */
function importedFiles(): string[] {
  const found = new Set<string>()
  const open = roles.map((role) => `services/start-${role}.ts`)
  for (let file = open.pop(); file; file = open.pop()) {
    if (found.has(file)) continue
    found.add(file)
    const imports = readText(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)
    for (const [, relative = ''] of imports) open.push(path.join(path.dirname(file), relative))
  }
  return [...found]
}

describe('the container image', () => {
  it('is made from one exact version of Node 20', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image)
    assert.deepEqual([...new Set(bases)].length, 1)
    assert.match(bases[0] ?? '', /^node:20\.\d+\.\d+-\w+-slim$/)
    assert.ok(Number(/^node:20\.(\d+)/.exec(bases[0] ?? '')?.[1]) >= 19, 'package.json asks for 20.19')
  })

  it('has every file that the processes import, and the default catalogue', () => {
    const copied = [...stage.matchAll(/^COPY (?!--from)(.+) (\S+)$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    )
    const files = importedFiles()
    assert.ok(files.length > 50, `${files.length} files found`)
    assert.ok(
      files.some((file) => file.startsWith('infra/')),
      'topics are declared in infra',
    )
    const needed = [...files, 'shared/catalogue.yaml', 'infra/container/health.mjs', 'package.json', 'tsconfig.json']
    for (const file of needed) {
      assert.ok(isInContext(file), `${file} is kept out by .dockerignore`)
      assert.ok(
        copied.some((source) => `${file}/`.startsWith(`${source}/`)),
        `${file} is not copied`,
      )
    }
  })

  it('cannot get a .env, a data folder, a log or the history', () => {
    for (const file of [
      '.env',
      'data/credentials.json',
      'data-import/x',
      '.git/config',
      'a.log',
      'node_modules/a/b.js',
    ])
      assert.ok(!isInContext(file), file)
  })

  it('runs as a user by number, stops by SIGTERM, and starts without a shell in between', () => {
    assert.match(stage, /^USER 1000:1000$/m)
    assert.match(stage, /^STOPSIGNAL SIGTERM$/m)
    const [entry = [], command = []] = ['ENTRYPOINT', 'CMD'].map((name) =>
      JSON.parse(new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(stage)?.[1] ?? '[]'),
    )
    assert.deepEqual(command, ['services/start-collector.ts'])
    for (const role of roles) {
      const script = JSON.parse(readText('package.json')).scripts[role]
      assert.equal(script, `exec ${[...entry, `services/start-${role}.ts`].join(' ')}`)
      assert.ok(existsSync(path.join(top, `services/start-${role}.ts`)))
    }
  })

  it('sets nothing that the code does not read, and its data folder is the volume', () => {
    const set = [...stage.matchAll(/(HEADCOUNT_\w+)=(\S+)/g)]
    for (const [, name = ''] of set) assert.ok(settingNames.has(name), name)
    const data = set.find(([, name]) => name === variableName('dataDir'))?.[2]
    assert.match(stage, new RegExp(`^VOLUME ${data}$`, 'm'))
  })

  it('has what the processes need among the packages that are not for development', () => {
    assert.match(dockerfile, /npm ci --omit=dev/)
    assert.ok(JSON.parse(readText('package.json')).dependencies.tsx)
  })
})

describe('the health check of a container', () => {
  const check = async (role: string, port: number) =>
    await promisify(execFile)(process.execPath, [health, role], {
      env: { [variableName(`${role}Port`)]: String(port) },
    }).then(
      () => 'healthy',
      (error: { code: number; stderr: string }) => `${error.code} ${error.stderr.trim()}`,
    )

  it('asks the process for its life, and says what is wrong', async () => {
    let status = 200
    const asked: (string | undefined)[] = []
    const server = createServer((request, response) => {
      asked.push(request.url)
      response.writeHead(status).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    for (const role of roles) assert.equal(await check(role, port), 'healthy')
    status = 503
    assert.match(await check('worker', port), /^1 unhealthy: .*\/health\/live answered 503$/)
    assert.deepEqual([...new Set(asked)], ['/health/live'])
    server.close()
    await once(server, 'close')
    assert.match(await check('collector', port), /^1 unhealthy: /)
  })

  it('does not take another process for its own', async () => {
    assert.match(await check('grafana', 1), /^1 unhealthy: not one of collector, reporting, worker/)
  })
})
