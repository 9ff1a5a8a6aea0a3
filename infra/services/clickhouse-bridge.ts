/**
 * Starts the test double of a ClickHouse server (test/services-doubles/clickhouse-bridge.ts says what is real about it).
 * For machines on which no ClickHouse server can be had; never for production.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from './free-ports.ts'

export interface BridgeOptions {
  /** Folder of the tables; kept between starts. */
  dir: string
  /** 0 or nothing: a free one, which it keeps over restarts. */
  port?: number
  user?: string
  password?: string
  readerUser?: string
  readerPassword?: string
}

const startMsMax = 60_000
const script = fileURLToPath(new URL('../../test/services-doubles/clickhouse-bridge.ts', import.meta.url))
const loader = import.meta.resolve('tsx')
/** Has the kernel kill the child with its parent, even one that is stopped and cannot see its parent go. */
const dieWithParent = '/usr/bin/setpriv'

/** A server process that can be killed, stopped and started again on its folder and port. */
export class ClickhouseBridge {
  readonly #options: BridgeOptions
  #child: ChildProcess | undefined
  #port: number

  constructor(options: BridgeOptions) {
    this.#options = options
    this.#port = options.port ?? 0
  }

  get port(): number {
    return this.#port
  }

  /** Of the running process; undefined when none runs. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** With the writer's user and password. Append a database: `${url}/headcount`. */
  get url(): string {
    return this.#urlOf(this.#options.user ?? 'headcount', this.#options.password ?? 'writer-password')
  }

  /** With the read-only user. */
  get readerUrl(): string {
    return this.#urlOf(
      this.#options.readerUser ?? 'headcount_reader',
      this.#options.readerPassword ?? 'reader-password',
    )
  }

  /** Resolves when it answers requests. */
  async start(): Promise<void> {
    if (this.#child) throw new Error('the bridge is running')
    await mkdir(this.#options.dir, { recursive: true })
    if (this.#port === 0) [this.#port = 0] = await freePorts(1)
    const command = [process.execPath, '--import', loader, script]
    if (existsSync(dieWithParent)) command.unshift(dieWithParent, '--pdeathsig', 'KILL')
    const child = spawn(command[0] as string, command.slice(1), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, CLICKHOUSE_BRIDGE: this.#settings() },
    })
    this.#child = child
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined
    })
    this.#port = await listening(child)
  }

  /** @param signal such as SIGKILL, SIGSTOP or SIGCONT; resolves when a fatal one has ended the process. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child) return
    const ended = once(child, 'exit')
    child.kill(signal)
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await ended
  }

  /** Ends it in good order; after ten seconds by force. */
  async stop(): Promise<void> {
    await this.kill('SIGCONT')
    const child = this.#child
    const force = setTimeout(() => child?.kill('SIGKILL'), 10_000)
    await this.kill('SIGTERM')
    clearTimeout(force)
  }

  #urlOf(user: string, password: string): string {
    return `http://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${this.#port}`
  }

  #settings(): string {
    const credentials = (url: string) => {
      const { username, password } = new URL(url)
      return { user: decodeURIComponent(username), password: decodeURIComponent(password) }
    }
    const { dir } = this.#options
    return JSON.stringify({
      dir,
      port: this.#port,
      writer: credentials(this.url),
      reader: credentials(this.readerUrl),
    })
  }
}

/** Starts one and waits until it answers. */
export async function startClickhouseBridge(options: BridgeOptions): Promise<ClickhouseBridge> {
  const bridge = new ClickhouseBridge(options)
  await bridge.start()
  return bridge
}

async function listening(child: ChildProcess): Promise<number> {
  const signal = AbortSignal.timeout(startMsMax)
  const exited = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the ClickHouse bridge ended while starting (exit code ${code})`)
  })
  exited.catch(() => undefined)
  const told = once(child, 'message', { signal }).then(([{ port }]) => port as number)
  try {
    return await Promise.race([told, exited])
  } catch (error) {
    told.catch(() => undefined)
    child.kill('SIGKILL')
    throw error
  }
}
