/**
 * `npm run services:up [-- --brokers 3]`: real Kafka and Redis, and ClickHouse. With Docker all three in containers; without,
 * Redis from Debian, Kafka from Maven Central, and the test bridge in front of the ClickHouse engine in process.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { keptServers, servicesDir } from './kept-servers.ts'

const packages = { 'redis-server': 'redis-server', java: 'default-jre-headless', mvn: 'maven' }
const composeServices = ['kafka', 'redis', 'clickhouse']
const startMsMax = 300_000
const say = (line: string) => process.stdout.write(`${line}\n`)

const { values } = parseArgs({ options: { brokers: { type: 'string', default: '1' } } })
if (hasDocker()) upWithDocker()
else await upWithoutDocker()

function hasDocker(): boolean {
  return spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0
}

function upWithDocker(): void {
  const { status } = spawnSync('docker', ['compose', 'up', '--detach', '--wait', ...composeServices], {
    stdio: 'inherit',
  })
  if (status !== 0) fail('docker compose could not start them; its words are above')
}

async function upWithoutDocker(): Promise<void> {
  say('No Docker engine here: Redis from Debian, Kafka from Maven Central, the ClickHouse engine behind a test bridge.')
  const running = await keptServers()
  if (running) print(running)
  installMissing()
  await mkdir(servicesDir, { recursive: true })
  const logFile = path.join(servicesDir, 'keeper.log')
  const log = openSync(logFile, 'a')
  const keeper = fileURLToPath(new URL('keeper.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', keeper, servicesDir, values.brokers], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
  })
  say('Starting them; the first time Kafka is fetched, which takes a minute.')
  const ready = once(child, 'message', { signal: AbortSignal.timeout(startMsMax) }).then(() => true)
  const isReady = await Promise.race([ready, once(child, 'exit').then(() => false)]).catch(() => false)
  const servers = isReady ? await keptServers() : undefined
  if (!servers) fail(`they did not start; the end of ${logFile} says why`)
  child.unref()
  print(servers)
}

/** What is missing is installed where that is allowed, else named. */
function installMissing(): void {
  const missing = Object.entries(packages).filter(([program]) => spawnSync(program, ['--version']).error)
  if (missing.length === 0) return
  const names = missing.map(([, name]) => name)
  const install = `apt-get install -y ${names.join(' ')}`
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).error)
    fail(`missing: ${missing.map(([program]) => program).join(', ')}. As root: ${install}`)
  say(`Installing ${names.join(', ')}`)
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env: environment })
  const { status } = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
    stdio: 'inherit',
    env: environment,
  })
  if (status !== 0) fail(`${install} failed`)
}

function print(servers: NonNullable<Awaited<ReturnType<typeof keptServers>>>): never {
  say('\nThey run. For processes that are to use them:\n')
  for (const [name, value] of Object.entries(servers))
    if (name.startsWith('HEADCOUNT_')) say(`export ${name}='${value}'`)
  say('\nnpm run services:status says how they are, npm run services:down stops them.')
  process.exit(0)
}

function fail(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}
