/** Whatever course things take, in whatever order: nothing is lost that is not counted as dropped, and nothing is made up. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { SenderParts } from '../../../shared/sender/parts.ts'
import type { PostAnswer } from '../../../shared/sender/post.ts'
import { createSender, type Sender } from '../../../shared/sender/sender.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { eventsOf, ManualParts, taken } from './manual-parts.ts'
import { nowhere } from './recording-collector.ts'

type Mood = 'takes' | 'takes-few' | 'away' | 'busy' | 'unanswered' | 'wrong-key'
type Step =
  | { readonly kind: 'track'; readonly events: number }
  | { readonly kind: 'mood'; readonly mood: Mood }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'hand-over' | 'flush' | 'restart' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('track' as const), events: fc.integer({ min: 1, max: 40 }) }),
    fc.record({
      kind: fc.constant('mood' as const),
      mood: fc.constantFrom<Mood>('takes', 'takes-few', 'away', 'busy', 'unanswered', 'wrong-key'),
    }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400_000 }) }),
    fc.record({ kind: fc.constantFrom('hand-over' as const, 'flush' as const, 'restart' as const) }),
  ),
  { minLength: 1, maxLength: 25 },
)
const fewMax = 7

/** A collector with moods, the sender before it, and what both have seen. */
class Course {
  readonly tracked: string[] = []
  /** How often each id was taken. */
  readonly taken = new Map<string, number>()
  /** Events of answers that reached the sender. */
  answered = 0
  accepted = 0
  readonly #parts: ManualParts
  readonly #dir: string | undefined
  #mood: Mood = 'takes'
  #sender: Sender

  constructor(dir: string | undefined) {
    this.#parts = new ManualParts(({ body }) => this.#post(body))
    this.#dir = dir
    this.#sender = this.#start()
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'track') for (let event = 0; event < step.events; event++) this.#track()
    else if (step.kind === 'mood') this.#mood = step.mood
    else if (step.kind === 'wait') this.#parts.advance(step.ms)
    else if (step.kind === 'flush') await this.#sender.flush(20_000)
    // Without a folder it waits for the collector.
    else if (step.kind === 'hand-over') await this.#sender.handedOver(this.#dir === undefined ? 1 : 20_000)
    else if (this.#dir !== undefined) await this.#restart()
  }

  async settle(): Promise<void> {
    this.#mood = 'takes'
    for (let round = 0; round < 100 && !(await this.#sender.flush(20_000)); round++) this.#parts.advance(3_600_000 / 50)
    await this.#restart()
    await this.#sender.close()
  }

  #track(): void {
    const id = `e-${this.tracked.length}`
    this.tracked.push(id)
    assert.equal(this.#sender.track({ feature: 'services', id }), true)
  }

  async #restart(): Promise<void> {
    await this.#sender.close(this.#mood === 'takes' ? 20_000 : 0)
    const { accepted, dropped } = this.#sender.stats
    this.accepted += accepted
    assert.deepEqual(
      Object.entries(dropped).filter(([, events]) => events > 0),
      [],
    )
    this.#sender = this.#start()
  }

  #start(): Sender {
    const options = { url: nowhere, writeKey: 'k', environment: {}, batchEventsMax: 30, onWarning: () => undefined }
    return createSender({ ...options, spoolDir: this.#dir }, this.#parts as SenderParts)
  }

  async #post(body: string): Promise<PostAnswer> {
    const events = eventsOf(body)
    const answer = (status: number, retryAfter?: string) => ({ status, retryAfter, text: '' })
    if (this.#mood === 'away') throw new Error('away')
    if (this.#mood === 'busy') return answer(503, '30')
    if (this.#mood === 'wrong-key') return answer(401)
    if (this.#mood === 'takes-few' && events.length > fewMax) return answer(413)
    for (const { id } of events) this.taken.set(id, (this.taken.get(id) ?? 0) + 1)
    if (this.#mood === 'unanswered') throw new Error('the answer was lost')
    this.answered += events.length
    return taken(body)
  }
}

for (const where of ['spool', 'memory'] as const) {
  test(`with a sender that has its events in ${where}, every course ends with every event taken`, async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (course) => {
        await withTemporaryDirectory(async (dir) => {
          const run = new Course(where === 'spool' ? dir : undefined)
          for (const step of course) await run.take(step)
          await run.settle()
          assert.deepEqual([...run.taken.keys()].sort(), [...run.tracked].sort())
          // What was answered is not sent again by the same process; by the next one at most what was on its way.
          assert.ok(run.accepted === run.answered, `${run.accepted} of ${run.answered} answers heard`)
        })
      }),
      { numRuns: 60, seed: 20_261_125, endOnFailure: true },
    )
  })
}
