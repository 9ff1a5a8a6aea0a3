/** A host as the campaign sees it: started, listening, and ended, mostly by SIGKILL. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Mutation } from './mutation.ts'
import type { Phase } from './phases.ts'
import type { SimulatedTime } from './simulated-time.ts'

const entry = fileURLToPath(new URL('./host.ts', import.meta.url))
const startMsMax = 60_000
const stderrCharactersMax = 20_000

export interface HostUrls {
  collectorUrl: string
  reportingUrl: string
}

export interface HostOptions {
  /** HEADCOUNT_… variables; none of this process's own are passed on. */
  settings: Record<string, string>
  time: SimulatedTime
  mutation: Mutation | undefined
  /** Where the host kills itself. */
  aim?: { phase: Phase; times: number; delayMs: number } | undefined
}

export interface HostEnd {
  /** It was killed, by itself or from outside, as it should be. */
  killed: boolean
  /** What it was doing when it ended. */
  phases: Phase[]
  /** The end of what it wrote to standard error. */
  errors: string
}

export class HostProcess {
  /** Undefined when the host ends before it listens. Rejects when it does neither. */
  readonly listening: Promise<HostUrls | undefined>
  readonly ended: Promise<HostEnd>
  readonly #child: ChildProcess
  readonly #phases = new Map<string, Phase | 'idle'>([['start', 'start']])
  #errors = ''

  constructor({ settings, time, mutation, aim }: HostOptions) {
    const { PATH = '', HOME = '' } = process.env
    const options = [`--clock=${time}`]
    if (mutation) options.push(`--mutation=${mutation}`)
    if (aim) options.push(`--die-at=${aim.phase},${aim.times},${aim.delayMs}`)
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), entry, ...options], {
      env: { PATH, HOME, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-stderrCharactersMax)
    })
    const closed = new Promise<NodeJS.Signals | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (_code, signal) => resolve(signal))
    })
    this.listening = new Promise((resolve, reject) => {
      const stuck = setTimeout(
        () => reject(new Error(`a host does not listen after ${startMsMax / 1000} s:\n${this.#errors}`)),
        startMsMax,
      )
      createInterface({ input: child.stdout }).on('line', (line) => {
        const urls = this.#hear(line)
        if (!urls) return
        clearTimeout(stuck)
        this.#phases.delete('start')
        resolve(urls)
      })
      void closed.then(() => {
        clearTimeout(stuck)
        resolve(undefined)
      })
    })
    this.ended = closed.then((signal) => ({
      killed: signal === 'SIGKILL',
      phases: [...this.#phases.values()].filter((phase) => phase !== 'idle'),
      errors: this.#errors,
    }))
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Ends it as an operator does. */
  async stop(): Promise<HostEnd> {
    this.#child.kill('SIGTERM')
    return await this.ended
  }

  #hear(line: string): HostUrls | undefined {
    let message: Partial<HostUrls> & { place?: string; phase?: Phase | 'idle' }
    try {
      message = JSON.parse(line)
    } catch {
      // The last line of a killed process may be torn.
      return undefined
    }
    if (message.place !== undefined && message.phase) this.#phases.set(message.place, message.phase)
    return message.collectorUrl === undefined ? undefined : (message as HostUrls)
  }
}
