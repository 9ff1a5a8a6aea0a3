/**
 * Real Kafka brokers without Docker: KRaft, one broker or three, from the jars of Maven Central, in a folder of their
 * own. Each can be killed, paused, and started again with its data.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { freePorts } from './free-ports.ts'
import { kafkaJars } from './kafka-jars.ts'
import { brokerProperties, type NodePlace, type SecureListener } from './kafka-properties.ts'
import { needProgram, runToEnd } from './run-program.ts'
import { type ServerProcess, startServer } from './server-process.ts'

const logSettings = fileURLToPath(new URL('../kafka/log4j2.properties', import.meta.url))
const startMsMax = 90_000
const stopMsMax = 30_000
const formatMsMax = 60_000

export interface KafkaOptions {
  /** Folder for data, settings and logs; one that was used before is gone on with, on the same ports. */
  dir: string
  brokers: 1 | 3
  /** First client port; the brokers take it and the ones after it. Left out: free ones. */
  ports?: readonly number[]
  heapMegabytes?: number
  /** `process` (the default): the brokers die with this process. `detached`: they go on until they are stopped. */
  lifetime?: 'process' | 'detached'
  /** Settings of the brokers besides ours. */
  properties?: Readonly<Record<string, string>>
  /** Adds a listener with TLS and a password to each broker. */
  secure?: SecureListener
  jarsDir?: string
}

export interface KafkaNode {
  readonly id: number
  readonly port: number
  readonly securePort: number | undefined
  /** 0 while it does not run. */
  readonly pid: number
  /** Its data, for a look at what is on the disk. */
  readonly dataDir: string
  /** Sends a signal; for SIGKILL and SIGTERM resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Starts it again with its data; resolves when it answers. */
  start(): Promise<void>
}

export interface KafkaCluster {
  /** `host:port` of each broker. */
  readonly bootstrap: string[]
  readonly nodes: readonly KafkaNode[]
  /** Stops every broker in order, paused ones too. */
  stop(): Promise<void>
}

/**
 * Starts brokers and waits until all of them answer.
 * @throws MissingProgramError when Java or Maven is not there, naming what to install
 * @throws Error with the end of a broker's log when it does not come up
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaCluster> {
  await needProgram('java', ['-version'], 'Java 17 or later (Debian: apt-get install openjdk-17-jre-headless)')
  const jars = await kafkaJars(options.jarsDir)
  await mkdir(options.dir, { recursive: true, mode: 0o700 })
  const places = await placesOf(options)
  const nodes = places.map((place) => new Broker(place, places, jars, options))
  try {
    await Promise.all(nodes.map((node) => node.prepare()))
    await Promise.all(nodes.map((node) => node.launch()))
    await Promise.all(nodes.map((node) => node.untilItAnswers(nodes.length)))
  } catch (error) {
    await Promise.all(nodes.map((node) => node.kill('SIGKILL')))
    throw error
  }
  return {
    bootstrap: places.map(({ port }) => `127.0.0.1:${port}`),
    nodes,
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
}

/** The process ids of the brokers that `startKafka` left in `dir`, for those who stop what another process started. */
export async function kafkaPids(dir: string): Promise<{ id: number; port: number; pid: number }[]> {
  const places = await readPlaces(dir)
  const read = async ({ id, port }: NodePlace) => {
    const text = await readFile(path.join(dir, `broker-${id}`, 'pid'), 'utf8').catch(() => '0')
    return { id, port, pid: isAlive(Number(text)) ? Number(text) : 0 }
  }
  return Promise.all((places ?? []).map(read))
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch {
    return false
  }
}

class Broker implements KafkaNode {
  readonly #place: NodePlace
  readonly #places: readonly NodePlace[]
  readonly #jars: string
  readonly #options: KafkaOptions
  readonly #dir: string
  #process: ServerProcess | undefined

  constructor(place: NodePlace, places: readonly NodePlace[], jars: string, options: KafkaOptions) {
    this.#place = place
    this.#places = places
    this.#jars = jars
    this.#options = options
    this.#dir = path.join(options.dir, `broker-${place.id}`)
  }

  get id(): number {
    return this.#place.id
  }
  get port(): number {
    return this.#place.port
  }
  get securePort(): number | undefined {
    return this.#place.securePort
  }
  get pid(): number {
    return this.#process?.pid ?? 0
  }
  get dataDir(): string {
    return path.join(this.#dir, 'data')
  }

  /** Writes the settings, and formats the data folder when it is new. */
  async prepare(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 })
    const { secure, properties = {} } = this.#options
    const text = brokerProperties(this.#place, this.#places, this.dataDir, secure, properties)
    await writeFile(this.#settings, text, { mode: 0o600 })
    const formatted = await readFile(path.join(this.dataDir, 'meta.properties'), 'utf8').catch(() => '')
    if (formatted !== '') return
    const clusterId = await clusterIdOf(this.#options.dir)
    const tool = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', this.#settings]
    await runToEnd('java', [...this.#jvm(64), ...tool], formatMsMax)
  }

  async launch(): Promise<void> {
    const { heapMegabytes = 320, lifetime = 'process' } = this.#options
    const args = [...this.#jvm(heapMegabytes), 'kafka.Kafka', this.#settings]
    const started = await startServer('java', args, this.#log, lifetime)
    this.#process = started
    await writeFile(path.join(this.#dir, 'pid'), String(started.pid))
    void started.ended.then(() => {
      if (this.#process === started) this.#process = undefined
    })
  }

  async start(): Promise<void> {
    if (this.#process) throw new Error(`broker ${this.id} runs already`)
    await this.launch()
    await this.untilItAnswers(1)
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const running = this.#process
    running?.kill(signal)
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await running?.untilItEnds()
  }

  async stop(): Promise<void> {
    const running = this.#process
    if (!running) return
    running.kill('SIGCONT')
    running.kill('SIGTERM')
    const timer = setTimeout(() => running.kill('SIGKILL'), stopMsMax)
    await running.untilItEnds()
    clearTimeout(timer)
    await rm(path.join(this.#dir, 'pid'), { force: true })
  }

  /** Resolves when the broker answers and knows of `brokers` brokers. */
  async untilItAnswers(brokers: number): Promise<void> {
    const deadline = Date.now() + startMsMax
    const kafka = new Kafka({
      brokers: [`127.0.0.1:${this.port}`],
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
      connectionTimeout: 2000,
      requestTimeout: 5000,
    })
    for (;;) {
      const admin = kafka.admin()
      try {
        await admin.connect()
        if ((await admin.describeCluster()).brokers.length >= brokers) return
      } catch {
        // Not there yet, or dead: looked at below.
      } finally {
        await admin.disconnect().catch(() => undefined)
      }
      if (!this.#process || Date.now() > deadline) throw await this.#didNotStart()
      await new Promise((resolve) => setTimeout(resolve, 150))
    }
  }

  async #didNotStart(): Promise<Error> {
    const log = await readFile(this.#log, 'utf8').catch(() => '')
    const what = this.#process ? `does not answer after ${startMsMax} ms` : 'ended at once'
    return new Error(`Kafka broker ${this.id} ${what}; the end of ${this.#log}:\n${log.slice(-2000)}`)
  }

  get #settings(): string {
    return path.join(this.#dir, 'server.properties')
  }

  get #log(): string {
    return path.join(this.#dir, 'broker.log')
  }

  #jvm(heapMegabytes: number): string[] {
    return [
      `-Xmx${heapMegabytes}m`,
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      '-Djava.net.preferIPv4Stack=true',
      `-Dlog4j2.configurationFile=${logSettings}`,
      '-cp',
      path.join(this.#jars, '*'),
    ]
  }
}

async function readPlaces(dir: string): Promise<NodePlace[] | undefined> {
  const stored = await readFile(path.join(dir, 'brokers.json'), 'utf8').catch(() => undefined)
  return stored === undefined ? undefined : (JSON.parse(stored) as NodePlace[])
}

async function placesOf({ dir, brokers, ports, secure }: KafkaOptions): Promise<NodePlace[]> {
  const stored = await readPlaces(dir)
  if (stored) {
    if (stored.length === brokers) return stored
    throw new Error(`${dir} holds ${stored.length} brokers, not ${brokers}; use another folder, or remove this one`)
  }
  const free = await freePorts(brokers * 3)
  const places = Array.from({ length: brokers }, (_, index) => ({
    id: index + 1,
    port: ports?.[index] ?? (free[index] as number),
    controllerPort: free[brokers + index] as number,
    ...(secure ? { securePort: free[2 * brokers + index] as number } : {}),
  }))
  await writeFile(path.join(dir, 'brokers.json'), `${JSON.stringify(places, null, 1)}\n`)
  return places
}

/** All brokers of a cluster are formatted with the same id: made once, kept beside them. */
async function clusterIdOf(dir: string): Promise<string> {
  const file = path.join(dir, 'cluster-id')
  // The first byte is 0: an id that begins with '-' would look like an option to the tool.
  const fresh = Buffer.concat([Buffer.alloc(1), randomBytes(15)]).toString('base64url')
  await writeFile(file, fresh, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  return (await readFile(file, 'utf8')).trim()
}
