/** Questions for usage that are asked in the same turn, as all panels do at first, go in one request. */
import { questionsMax } from '../../questions-max.ts'
import { ApiError, ask, fetchPatiently, headersOf, problemOf } from './api.ts'

interface Waiting {
  readonly query: string
  resolve(answer: unknown): void
  reject(error: unknown): void
}

const usagePath = '/api/v1/usage?'
let waiting: Waiting[] = []

/** As `ask`; what is no question for usage goes after those that are asked in the same turn. @throws ApiError */
export function askTogether<T>(path: string): Promise<T> {
  if (!path.startsWith(usagePath)) return new Promise((resolve) => setTimeout(() => resolve(ask<T>(path))))
  return new Promise<T>((resolve, reject) => {
    if (waiting.length === 0) setTimeout(send)
    waiting.push({ query: path.slice(usagePath.length), resolve: resolve as Waiting['resolve'], reject })
  })
}

function send(): void {
  const all = waiting
  waiting = []
  for (let at = 0; at < all.length; at += questionsMax) void sendBatch(all.slice(at, at + questionsMax))
}

async function sendBatch(batch: readonly Waiting[]): Promise<void> {
  const [only] = batch
  if (batch.length === 1 && only) return ask(usagePath + only.query).then(only.resolve, only.reject)
  const left = new Set(batch.keys())
  let error: unknown = new ApiError(0, 'The answer broke off', 'It is tried again.')
  try {
    const body = JSON.stringify({ questions: batch.map(({ query }) => query) })
    const response = await fetchPatiently('/api/v1/usage/batch', { method: 'POST', headers: headersOf(true), body })
    if (!response.ok || !response.body) throw await problemOf(response)
    for await (const { question, status, answer, problem } of linesOf(response.body)) {
      left.delete(question)
      if (status === 200) batch[question]?.resolve(answer)
      else batch[question]?.reject(new ApiError(status, problem.title, problem.detail))
    }
  } catch (caught) {
    if (caught instanceof ApiError) error = caught
  }
  for (const question of left) batch[question]?.reject(error)
}

interface Line {
  question: number
  status: number
  answer: unknown
  problem: { title: string; detail: string }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  const reader = body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const lines = (rest + value).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as Line
  }
}
