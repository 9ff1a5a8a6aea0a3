/** A process that seals, as a campaign sees it: from its start to its end, mostly by SIGKILL. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { HostSettings } from './seal-host.ts'
import type { Told } from './told.ts'

const host = fileURLToPath(new URL('./seal-host.ts', import.meta.url))
const lifeMsMax = 120_000
const errorCharactersMax = 4000

export interface LifeEnd {
  /** By SIGKILL. */
  readonly killed: boolean
  /** All days are published. */
  readonly done: boolean
  /** Where it was when it ended. */
  readonly phase: string
}

/** What every such process tells, a JSON object on each line; which others there are, its campaign knows. */
type Basic = { phase: string } | { done: true } | { error: string }

/** @param killAfterMs counted from its start; undefined: it is left to come to its end or to its aim */
export function liveAndDie(
  settings: HostSettings,
  killAfterMs: number | undefined,
  hear: (told: Told) => void,
): Promise<LifeEnd> {
  return lifeOf(host, settings, killAfterMs, hear)
}

/** @param file what the process runs, given `settings` as its first argument */
export async function lifeOf<Told extends object>(
  file: string,
  settings: object,
  killAfterMs: number | undefined,
  hear: (told: Told | Basic) => void,
): Promise<LifeEnd> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file, JSON.stringify(settings)], {
    env: { PATH, HOME },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let phase = 'starting'
  let done = false
  let errors = ''
  let isStuck = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-errorCharactersMax)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    let told: Told | Basic
    try {
      told = JSON.parse(line)
    } catch {
      // The last line of a killed process may be torn.
      return
    }
    if ('phase' in told) phase = told.phase
    if ('done' in told) done = true
    hear(told)
  })
  const kill = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  const stuck = setTimeout(() => {
    isStuck = true
    child.kill('SIGKILL')
  }, lifeMsMax)
  const killed = await new Promise<boolean>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (_code, signal) => resolve(signal === 'SIGKILL'))
  })
  clearTimeout(kill)
  clearTimeout(stuck)
  if (isStuck) hear({ error: `it does not come to an end; it was in ${phase}` })
  else if (!killed && !done) hear({ error: `it ended by itself in ${phase}: ${errors}` })
  return { killed, done, phase }
}
