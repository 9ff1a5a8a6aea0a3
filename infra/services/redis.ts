/** A real Redis of one's own: Debian's `redis-server` with the settings that Headcount needs, its data in a folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { diesWithParent } from './dies-with-parent.ts'
import { freePorts } from './free-ports.ts'

const startMsMax = 30_000
const stopMsMax = 10_000
const logLinesMax = 20

/** What Headcount needs of a Redis; the reasons are in infra/redis.md. */
export const redisSettings: Readonly<Record<string, string>> = {
  appendonly: 'yes',
  appendfsync: 'always',
  'no-appendfsync-on-rewrite': 'no',
  'aof-use-rdb-preamble': 'yes',
  save: '',
  'maxmemory-policy': 'noeviction',
}

export interface RedisOptions {
  /** Its data; made when it is not there. */
  readonly dir: string
  /** By default a free one. */
  readonly port?: number
  readonly password?: string
  /** Connections are by TLS only. Files in PEM. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** On top of `redisSettings`, or in place of one of them. A list has several arguments. */
  readonly settings?: Readonly<Record<string, string | readonly string[]>>
}

export interface RedisServer {
  /** Password included. */
  readonly url: string
  readonly port: number
  /** Of the process that runs now. */
  readonly pid: number
  /** Sends the signal to the server alone; when that ends it (SIGKILL, SIGTERM), resolves once it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** Starts it again, with the same data on the same port, after `kill` or `stop`. Resolves when it answers. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** The version of the `redis-server` on this machine, or undefined when there is none. */
export function findRedis(): string | undefined {
  try {
    return /v=([0-9.]+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1]
  } catch {
    return undefined
  }
}

/**
 * Starts a Redis on 127.0.0.1 that ends with this process at the latest. Resolves when it answers.
 * @throws when there is no `redis-server`, or it ends before it answers (with what it last said)
 */
export async function startRedis(options: RedisOptions): Promise<RedisServer> {
  if (!findRedis())
    throw new Error('there is no redis-server on this machine; on Debian: apt-get install redis-server (7.0 or later)')
  await mkdir(options.dir, { recursive: true, mode: 0o700 })
  const [free = 0] = await freePorts(1)
  const server = new OwnRedis(options, options.port ?? free)
  await server.start()
  return server
}

class OwnRedis implements RedisServer {
  readonly port: number
  readonly url: string
  readonly #options: RedisOptions
  #child: ChildProcess | undefined
  /** Process group of the latest one. */
  #group: number | undefined

  constructor(options: RedisOptions, port: number) {
    this.#options = options
    this.port = port
    const credentials = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`
    this.url = `${options.tls ? 'rediss' : 'redis'}://${credentials}127.0.0.1:${port}`
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('this Redis is not running')
    return this.#child.pid
  }

  async start(): Promise<void> {
    if (this.#child) return
    this.#endOrphans()
    await removeTemporaryFiles(this.#options.dir)
    // The settings go through standard input: arguments, and so a password among them, can be read by every user.
    const child = spawn('redis-server', ['-'], {
      cwd: this.#options.dir,
      stdio: 'pipe',
      // A process group of its own, so that the child that rewrites files can be ended with it.
      detached: true,
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(configuration(this.#options, this.port))
    diesWithParent(child)
    this.#child = child
    this.#group = child.pid
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined
    })
    await untilReady(child)
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child) return
    const ended = signal === 'SIGKILL' || signal === 'SIGTERM' ? once(child, 'exit') : undefined
    child.kill(signal)
    await ended
  }

  async stop(): Promise<void> {
    const tooLong = setTimeout(() => void this.kill('SIGKILL'), stopMsMax)
    // A process that has been stopped with SIGSTOP does not see another signal before it goes on.
    this.#child?.kill('SIGCONT')
    await this.kill('SIGTERM')
    clearTimeout(tooLong)
    this.#endOrphans()
  }

  /**
   * The child of a killed Redis goes on writing its file, and holds its clients' connections open: they would go on
   * waiting for answers.
   */
  #endOrphans(): void {
    if (this.#group === undefined) return
    try {
      process.kill(-this.#group, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    this.#group = undefined
  }
}

/**
 * A Redis that is killed while its child writes a new append-only file or snapshot leaves a `temp-…` file behind that
 * nothing ever reads or removes: with every value in it, secrets too.
 */
async function removeTemporaryFiles(dir: string): Promise<void> {
  for (const file of await readdir(dir)) {
    if (/^temp-.*\.(aof|rdb)$/.test(file)) await rm(path.join(dir, file))
  }
}

function configuration({ dir, password, tls, settings }: RedisOptions, port: number): string {
  const all: Record<string, string | readonly string[]> = {
    bind: '127.0.0.1',
    port: tls ? '0' : String(port),
    daemonize: 'no',
    dir,
    ...redisSettings,
    ...(password === undefined ? {} : { requirepass: password }),
    ...(tls && {
      'tls-port': String(port),
      'tls-cert-file': tls.certificate,
      'tls-key-file': tls.key,
      'tls-auth-clients': 'no',
    }),
    ...settings,
  }
  return Object.entries(all)
    .map(([name, values]) => `${name} ${[values].flat().map(quoted).join(' ')}\n`)
    .join('')
}

function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`
}

async function untilReady(child: ChildProcess): Promise<void> {
  const last: string[] = []
  const failed = (what: string) => new Error(`redis-server ${what}; it last said:\n${last.join('\n')}`)
  await new Promise<void>((resolve, reject) => {
    const tooLong = setTimeout(() => {
      child.kill('SIGKILL')
      reject(failed(`did not answer within ${startMsMax} ms`))
    }, startMsMax)
    child.once('error', reject)
    // Not `exit`, at which its last words may still be on their way.
    child.once('close', (code, signal) => {
      clearTimeout(tooLong)
      reject(failed(`ended with ${signal ?? code} before it answered`))
    })
    // Goes on to be read after that: a full pipe would stop the server.
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output as NodeJS.ReadableStream }).on('line', (line) => {
        last.push(line)
        if (last.length > logLinesMax) last.shift()
        if (!line.includes('Ready to accept connections')) return
        clearTimeout(tooLong)
        resolve()
      })
    }
  })
}
