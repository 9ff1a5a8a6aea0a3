/** docker-compose.yml against the code. What a container does when it runs, no test here can say. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { fillExample, readVariables } from '../../infra/compose-secrets.ts'
import { readConfig } from '../../shared/config.ts'
import { parseKafkaUrl } from '../../shared/eventlog/kafka-url.ts'
import { parseRedisUrl } from '../../shared/keyvalue/redis-url.ts'
import { parseServerAddress } from '../../shared/warehouse/server-address.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'
import {
  type ComposeFile,
  composeFile,
  isGuarded,
  mayBeEmpty,
  packageVersion,
  readText,
  requiredVariables,
  roles,
  top,
} from './deployment-files.ts'

const compose = composeFile()
const services = Object.entries(compose.services)
const ours = services.filter(([, { image }]) => image.startsWith('headcount:'))
const example = readText('.env.example')
const filled = readVariables(fillExample(example))

/** A service's variables as its process would see them, with a filled .env. */
function environmentOf(name: string): Record<string, string> {
  const given = compose.services[name]?.environment ?? {}
  const replace = (value: string) =>
    value.replace(/\$\{(\w+)(?::[-?][^}]*)?\}/g, (_whole, variable: string) => filled.get(variable) ?? '')
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, replace(String(value))]))
}

const roleOf = (name: string) => roles.find((role) => name === role || name.startsWith(`${role}-`))

describe('docker-compose.yml', () => {
  it('pins every image to one exact version, ours to the one of package.json', () => {
    for (const [name, { image }] of services) assert.match(image, /^[a-z/-]+:v?\d+\.\d+\.\d+(\.\d+)?(-[a-z]+)?$/, name)
    for (const [name, { image }] of ours) assert.equal(image, `headcount:${packageVersion}`, name)
    assert.match(compose.services.grafana?.environment?.GF_PLUGINS_PREINSTALL_SYNC as string, /@\d+\.\d+\.\d+$/)
  })

  it('runs the Kafka that the tests run', () => {
    const tested = /<kafka\.version>([\d.]+)</.exec(readText('infra/kafka/pom.xml'))?.[1]
    assert.equal(compose.services.kafka?.image, `apache/kafka:${tested}`)
  })

  it('gives each process settings that it reads without an error', () => {
    assert.equal(ours.length, 4)
    for (const [name] of ours) readConfig(environmentOf(name))
    const collector = readConfig(environmentOf('collector'))
    const worker = readConfig(environmentOf('worker'))
    const reporting = readConfig(environmentOf('reporting'))
    assert.deepEqual(parseKafkaUrl(collector.eventLogUrl).brokers, ['kafka:9092'])
    assert.equal(parseRedisUrl(worker.keyValueUrl).connection.password, filled.get('REDIS_PASSWORD'))
    assert.equal(parseServerAddress(worker.warehouseUrl, '').password, filled.get('CLICKHOUSE_PASSWORD'))
    assert.equal(parseServerAddress(reporting.warehouseReaderUrl, '').user, 'headcount_reader')
    for (const config of [collector, worker, reporting]) assert.equal(config.host, '0.0.0.0')
  })

  it('gives each process the addresses and secrets that it does not start without, and no other', () => {
    for (const [name, { environment = {} }] of ours) {
      const role = roleOf(name)
      assert.ok(role)
      const optional = role === 'reporting' ? ['HEADCOUNT_WAREHOUSE_READER_URL'] : ['HEADCOUNT_CHOICE_KEY']
      const guarded = Object.keys(environment).filter(isGuarded).sort()
      assert.deepEqual(guarded, [...requiredVariables(role), ...optional].sort(), name)
    }
  })

  it('starts each process by its own entry point and looks at its own health', () => {
    for (const [name, { command, healthcheck }] of ours) {
      assert.deepEqual(command, [`services/start-${roleOf(name)}.ts`])
      assert.deepEqual(healthcheck?.test.slice(1), ['node', 'infra/container/health.mjs', roleOf(name)])
    }
  })

  it('knows of each container whether it is healthy, and waits for that', () => {
    for (const [name, { healthcheck }] of services) assert.ok(healthcheck?.test, name)
    for (const [name, { depends_on = {} }] of services)
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        assert.ok(compose.services[needed], `${name} needs ${needed}`)
        assert.equal(condition, 'service_healthy')
      }
  })

  it('has no container of ours that is root, can become it, or can change its own files', () => {
    for (const [name, { user, cap_drop, security_opt, read_only }] of services) {
      if (name === 'kafka') assert.equal(user, undefined, 'the image has a user of its own, appuser')
      else assert.match(user ?? 'none', /^[1-9]\d*:\d+$/, name)
      assert.deepEqual([cap_drop, security_opt], [['ALL'], ['no-new-privileges:true']], name)
      if (roleOf(name)) assert.equal(read_only, true, name)
    }
  })

  it('publishes no port of a store, and keeps the stores in networks without a way out', () => {
    for (const name of ['kafka', 'redis', 'clickhouse']) {
      const { ports, networks = [] } = compose.services[name] ?? {}
      assert.equal(ports, undefined, name)
      assert.ok(networks.length > 0 && networks.every((one) => compose.networks[one]?.internal), name)
    }
    for (const [name, { ports = [] }] of services)
      for (const port of ports) assert.match(port, /^(127\.0\.0\.1|\$\{BIND_ADDRESS:-127\.0\.0\.1\}):/, name)
  })

  it('lets a process reach a store only where it has the address of it', () => {
    const at = (name: string) => compose.services[name]?.networks ?? []
    const reach = (name: string, store: string) => at(name).some((network) => at(store).includes(network))
    for (const [name] of ours) {
      const environment = environmentOf(name)
      assert.equal(reach(name, 'kafka'), 'HEADCOUNT_EVENT_LOG_URL' in environment, name)
      assert.equal(reach(name, 'redis'), 'HEADCOUNT_KEY_VALUE_URL' in environment, name)
      assert.equal(reach(name, 'clickhouse'), 'HEADCOUNT_WAREHOUSE_URL' in environment, name)
    }
    assert.deepEqual(
      ['kafka', 'redis'].map((store) => reach('grafana', store)),
      [false, false],
    )
  })

  it('gives every collector a spool of its own, in a volume that has a name', () => {
    const spools = ours.filter(([name]) => roleOf(name) === 'collector').map(([, { volumes = [] }]) => volumes[0])
    assert.equal(spools.length, 2)
    assert.equal(new Set(spools).size, spools.length)
    for (const [name, { volumes = [] }] of services)
      for (const volume of volumes.filter((one) => /^[a-z]/.test(one)))
        assert.ok((volume.split(':')[0] as string) in compose.volumes, `${name}: ${volume}`)
  })

  it('asks for no variable that .env.example does not have, and .env.example has none that is not asked for', () => {
    const text = readText('docker-compose.yml')
    const asked = [...text.matchAll(/(?<!\$)\$\{(\w+)/g)].map(([, name]) => name as string)
    assert.deepEqual([...new Set([...asked, 'COMPOSE_PROJECT_NAME'])].sort(), [...readVariables(example).keys()].sort())
  })

  it('has no default for a secret, and does not start without it', () => {
    const text = readText('docker-compose.yml')
    for (const [name, value] of readVariables(example)) {
      if (value !== '' || mayBeEmpty.includes(name)) continue
      const uses = [...text.matchAll(new RegExp(`(?<!\\$)\\$\\{${name}([^}]*)\\}`, 'g'))]
      assert.ok(uses.length > 0, name)
      for (const [, rest] of uses) assert.equal(rest, ':?run npm run services:secrets', name)
    }
  })

  it('starts Redis with the settings without which Headcount refuses it', () => {
    const script = compose.services.redis?.command?.[2] ?? ''
    for (const line of [
      'appendonly yes',
      'appendfsync always',
      'no-appendfsync-on-rewrite no',
      'maxmemory-policy noeviction',
    ])
      assert.ok(script.split('\n').includes(line), line)
    assert.match(script, /requirepass \$\$REDIS_PASSWORD/)
  })

  it('makes no topic by itself, and keeps one broker’s only copy on the disk', () => {
    const environment = compose.services.kafka?.environment ?? {}
    assert.equal(environment.KAFKA_AUTO_CREATE_TOPICS_ENABLE, 'false')
    assert.equal(environment.KAFKA_LOG_FLUSH_INTERVAL_MESSAGES, 1)
  })
})

/** `docker compose` or `docker-compose`, whichever is there. */
function findCompose(): string[] | undefined {
  const forms = [['docker', 'compose'], ['docker-compose']]
  return forms.find(([program = '', ...rest]) => spawnSync(program, [...rest, 'version']).status === 0)
}

describe('docker-compose.yml, read by Docker Compose', () => {
  const found = findCompose()
  // .ci/run installs it, so that there it must be.
  const skip =
    found || process.env.CI === 'true' ? false : 'there is no `docker compose`: apt-get install docker-compose'

  async function config(env: string, more: string[] = []): Promise<string> {
    assert.ok(found, 'Docker Compose is not there: apt-get install docker-compose')
    const [program = '', ...rest] = found
    return await withTemporaryDirectory(async (dir) => {
      const files = ['docker-compose.yml', ...more]
      await mkdir(path.join(dir, 'infra'), { recursive: true })
      for (const file of files) await copyFile(path.join(top, file), path.join(dir, file))
      await writeFile(path.join(dir, '.env'), env)
      const profiles = ['monitoring', 'second-collector'].flatMap((profile) => ['--profile', profile])
      const all = [...rest, ...files.flatMap((file) => ['-f', file]), ...profiles, 'config']
      // Nothing of this process's variables: they would go before those of .env.
      const options = {
        cwd: dir,
        env: { PATH: process.env.PATH, HOME: dir },
        encoding: 'utf8' as const,
        stdio: 'pipe' as const,
      }
      return execFileSync(program, all, options).replaceAll(dir, '.')
    })
  }

  it('is valid with what services:secrets writes', { skip }, async () => {
    const text = await config(fillExample(example))
    for (const [name] of services) assert.match(text, new RegExp(`^ {2}${name}:$`, 'm'))
  })

  it('publishes the stores’ ports to this machine alone with infra/compose-local.yml, and nothing else changes', {
    skip,
  }, async () => {
    const env = fillExample(example)
    const [plain, local] = await Promise.all([config(env), config(env, ['infra/compose-local.yml'])])
    const read = (text: string) => (parse(text) as ComposeFile).services
    for (const name of ['kafka', 'redis', 'clickhouse']) {
      assert.equal(read(plain)[name]?.ports, undefined)
      assert.match(JSON.stringify(read(local)[name]?.ports), /127\.0\.0\.1/)
    }
    // Docker Compose writes a network without settings as null or {}, and volumes in any order, as it likes.
    const others = (text: string) =>
      Object.entries(read(text)).flatMap(([name, { networks = [], volumes = [], ...rest }]) =>
        ['kafka', 'redis', 'clickhouse'].includes(name)
          ? []
          : [[name, rest, Object.keys(networks).sort(), [...volumes].sort()]],
      )
    assert.deepEqual(others(local), others(plain))
  })

  it('is refused with the example as it is, since secrets are missing', { skip }, async () => {
    await assert.rejects(config(example), /run npm run services:secrets/)
  })
})
