/** Kills the process that reserves, at each state of a reservation, and adds up what is in the ledger each time. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { add, compare, formatFraction, parseFraction, zero } from '../../../shared/fraction.ts'
import { budgetRho } from './budget-attack.ts'
import type { BudgetSettings, BudgetTold } from './budget-host.ts'

const host = fileURLToPath(new URL('./budget-host.ts', import.meta.url))
const requestsOfLife = 60
/** Of the last life: more than the budget has room for, whatever was spent before. */
const requestsOfLast = 240
const states = ['reserve', 'reserveClaimed', 'reserveWritten', 'reserved'] as const

export interface BudgetKills {
  readonly kills: number
  /** Of the last look. */
  readonly spent: string
  readonly granted: number
  readonly refused: number
  readonly mistakes: readonly string[]
}

/** @param lives the last one is left to come to its end */
export async function runBudgetKills(dir: string, redisUrl: string, lives: number): Promise<BudgetKills> {
  const answers = new Map<string, string>()
  const mistakes: string[] = []
  let spent = zero
  let granted = 0
  let kills = 0
  const hear = (told: BudgetTold) => {
    if ('dataset' in told) answers.set(told.dataset, told.outcome)
    if (!('entries' in told)) return
    const entries = Object.entries(told.entries)
    granted = entries.length
    spent = entries.reduce((total, [, rho]) => add(total, parseFraction(rho) ?? zero), zero)
    if (told.ledger !== 'verified') mistakes.push(told.ledger)
    if (compare(spent, budgetRho) > 0) mistakes.push(`ρ ${formatFraction(spent)} is spent`)
    for (const [dataset, outcome] of answers) {
      const isThere = dataset in told.entries
      if (outcome === 'granted' && !isThere) mistakes.push(`${dataset} was granted and is gone`)
      if (outcome === 'refused' && isThere) mistakes.push(`${dataset} was refused and has an entry`)
      if (outcome !== 'granted' && outcome !== 'refused') mistakes.push(outcome)
    }
  }
  for (let life = 0; life < lives; life++) {
    const phase = states[life % states.length] as string
    const aim = life + 1 < lives ? { phase, times: 1 + (life % 2) } : undefined
    const requests = aim ? requestsOfLife : requestsOfLast
    if (await live({ dir, redisUrl, seed: life, requests, aim }, hear)) kills++
  }
  await live({ dir, redisUrl, seed: lives, requests: 0 }, hear)
  const refused = [...answers.values()].filter((outcome) => outcome === 'refused').length
  return { kills, spent: formatFraction(spent), granted, refused, mistakes }
}

/** @returns whether it was killed */
async function live(settings: BudgetSettings, hear: (told: BudgetTold) => void): Promise<boolean> {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), host, JSON.stringify(settings)], {
    env: { PATH, HOME },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  createInterface({ input: child.stdout }).on('line', (line) => hear(JSON.parse(line) as BudgetTold))
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (...end) => resolve(end))
  })
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the process that reserves ended with ${code ?? signal}`)
  return signal === 'SIGKILL'
}
