/** A collector, worker or reporting as a process of its own, that is killed, paused and started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { diesWithParent } from '../../infra/services/dies-with-parent.ts'
import { until } from '../fixtures/until.ts'

export type Role = 'collector' | 'worker' | 'reporting'

const root = fileURLToPath(new URL('../../', import.meta.url))
const readyMsMax = 180_000
const restartMs = 500

export class RoleProcess {
  readonly role: Role
  readonly name: string
  readonly url: string
  readonly #environment: Record<string, string>
  #child: ChildProcess | undefined
  #output = ''
  /** Of what it writes, the end is kept. */
  outputCharactersMax = 20_000
  /** The process ended though nobody killed it: 0 for none, else how often. */
  unplannedEnds = 0
  #killing = false

  readonly #nodeOptions: readonly string[]

  /** @param nodeOptions of Node's own, before the program */
  constructor(
    role: Role,
    name: string,
    url: string,
    environment: Record<string, string>,
    nodeOptions: readonly string[] = [],
  ) {
    this.#nodeOptions = nodeOptions
    this.role = role
    this.name = name
    this.url = url
    this.#environment = environment
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Of the process that runs now. @throws Error when none does */
  get pid(): number {
    if (!this.isRunning || this.#child?.pid === undefined) throw new Error(`${this.name} is not running`)
    return this.#child.pid
  }

  /** The end of what it wrote. */
  get output(): string {
    return this.#output
  }

  start(): void {
    const { PATH, HOME } = process.env
    const child = spawn(process.execPath, [...this.#nodeOptions, '--import', 'tsx', `services/start-${this.role}.ts`], {
      cwd: root,
      env: { PATH, HOME, ...this.#environment },
      detached: true,
    })
    diesWithParent(child)
    const collect = (chunk: Buffer) => {
      this.#output = (this.#output + chunk).slice(-this.outputCharactersMax)
    }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    this.#child = child
    this.#killing = false
    child.once('exit', () => {
      if (this.#killing || this.#child !== child) return
      this.unplannedEnds++
      // What Kubernetes, Compose or systemd do.
      setTimeout(() => {
        if (!this.#killing && !this.isRunning) this.start()
      }, restartMs).unref()
    })
  }

  /** @throws Error with what it wrote when it does not become live */
  async untilLive(path = '/health/live'): Promise<void> {
    await until(
      () =>
        fetch(this.url + path, { signal: AbortSignal.timeout(2000) }).then(
          ({ ok }) => ok,
          () => false,
        ),
      readyMsMax,
    ).catch((error) => {
      throw new Error(`${this.name}: ${error.message}\n${this.#output}`)
    })
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.#killing = true
    this.#child?.kill(signal)
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#killing = true
    if (!child || !this.isRunning) return
    const ended = once(child, 'exit')
    this.signal(signal)
    // A paused process takes no other signal than SIGKILL until it goes on.
    child.kill('SIGCONT')
    await ended
  }
}
