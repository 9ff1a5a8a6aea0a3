/**
 * GET /privacy/ledger: the ledger's head at the end of each day and now, for everybody. Who kept a head can compare, and
 * an insider who rewrites the ledger changes every head after it.
 */
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../../shared/clock.ts'
import { type DailyHead, dailyHeads } from '../../../shared/ledger/daily-heads.ts'
import type { Ledger } from '../../../shared/ledger/port.ts'
import { jsonAnswer, problemAnswers } from '../openapi.ts'
import { ledgerAway } from './partner-problems.ts'

/** A day is over for good so long after its end: hosts whose clock is behind have written by then. */
const graceMs = 10 * 60_000
/** Everybody may ask, so the ledger is not asked each time. */
const currentForMs = 1000

export function addPublicLedger(app: FastifyInstance, deps: { ledger: Ledger; clock: Clock }): void {
  const published = new PublishedHeads(deps)
  app.get('/privacy/ledger', { schema }, async (_request, reply) => {
    const answer = await published.read().catch(() => {
      throw ledgerAway()
    })
    return reply.header('cache-control', 'public, max-age=60').send(answer)
  })
}

interface Heads {
  readonly current: { readonly seq: number; readonly hash: string }
  readonly days: readonly DailyHead[]
}

class PublishedHeads {
  readonly #ledger: Ledger
  readonly #clock: Clock
  #days: readonly DailyHead[] = []
  #upTo = ''
  #read: { at: number; answer: Promise<Heads> } | undefined

  constructor({ ledger, clock }: { ledger: Ledger; clock: Clock }) {
    this.#ledger = ledger
    this.#clock = clock
  }

  read(): Promise<Heads> {
    const now = this.#clock.now()
    if (this.#read && now < this.#read.at + currentForMs) return this.#read.answer
    const answer = this.#look(now)
    this.#read = { at: now, answer }
    // What failed is not kept.
    answer.catch(() => {
      if (this.#read?.answer === answer) this.#read = undefined
    })
    return answer
  }

  async #look(now: number): Promise<Heads> {
    const { head } = await this.#ledger.state()
    const today = new Date(now - graceMs).toISOString().slice(0, 10)
    if (today > this.#upTo) {
      // Entries of days that are over do not change: only what came since is read.
      const last = this.#days.at(-1)
      const more: DailyHead[] = []
      for await (const one of dailyHeads(this.#ledger.entries((last?.seq ?? -1) + 1), today))
        if (one.day > (last?.day ?? '')) more.push(one)
      this.#days = [...this.#days, ...more]
      this.#upTo = today
    }
    return { current: { seq: head.seq, hash: head.hash }, days: [...this.#days].reverse() }
  }
}

const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$' }
const seq = { type: 'integer', description: 'Number of the entry' }
const exampleSha = '6b1f0c5b1c4e7f0a2d3e4f5061728394a5b6c7d8e9f00112233445566778899a'
const schema = {
  tags: ['partner'],
  summary: 'Heads of the disclosure ledger, by day, for everybody',
  description:
    'Each entry has the SHA-256 of the one before. A head that was kept (`Headcount-Ledger-Head`) can be checked with `headcount ledger verify --head`.',
  response: {
    200: jsonAnswer(
      'The heads, newest day first',
      {
        type: 'object',
        required: ['current', 'days'],
        properties: {
          current: { type: 'object', properties: { seq, hash: sha256 } },
          days: {
            type: 'array',
            items: { type: 'object', properties: { day: { type: 'string' }, seq, hash: sha256 } },
          },
        },
      },
      { current: { seq: 4711, hash: exampleSha }, days: [{ day: '2026-11-24', seq: 4690, hash: exampleSha }] },
    ),
    ...problemAnswers({ 503: 'The ledger cannot be read now' }),
  },
}
