/**
 * Many questions for usage in one request, as a page has them: a browser sends six requests at a time to one server, and
 * what is asked at once is read from the tables at once. Each answer is a line (NDJSON), sent when it is ready.
 */
import { parse } from 'node:querystring'
import type { ProblemError } from '../../shared/http/problem.ts'
import { questionsMax } from './questions-max.ts'
import type { UsageAnswer } from './usage-answer.ts'
import { invalid, type UsageRequest } from './usage-request.ts'

/** A question is as long as an address may be. */
export const batchBytesMax = 256 * 1024

export type AnswerLine =
  | { readonly question: number; readonly status: 200; readonly answer: UsageAnswer }
  | { readonly question: number; readonly status: number; readonly problem: object }

/**
 * @param body of the request, parsed
 * @returns the questions, each as decoded parameters of GET /api/v1/usage
 * @throws ProblemError 400
 */
export function readQuestions(body: unknown): Record<string, string | string[]>[] {
  const { questions } = Object(body) as { questions?: unknown }
  if (!Array.isArray(questions) || !questions.every((one) => typeof one === 'string'))
    throw invalid('`questions` must be a list of queries of GET /api/v1/usage, each a text like "dataset=…&grain=day"')
  if (questions.length === 0 || questions.length > questionsMax)
    throw invalid(`\`questions\` has ${questions.length} entries; it must have 1 to ${questionsMax}`)
  return questions.map(parametersOf)
}

/** The decoded parameters of a query, as Fastify gives them; one that is there several times is a list. */
export function parametersOf(query: string): Record<string, string | string[]> {
  return { ...parse(query) } as Record<string, string | string[]>
}

/**
 * The lines of the answer, in the order in which they get ready.
 * @param parse a question as a request; @throws ProblemError when it is none, or not for who asks
 * @param toProblem what becomes of an error
 */
export async function* answerLines(
  questions: readonly Record<string, string | string[]>[],
  parse: (question: Record<string, string | string[]>) => UsageRequest,
  answer: (request: UsageRequest) => Promise<UsageAnswer>,
  toProblem: (error: unknown) => ProblemError,
): AsyncGenerator<string> {
  const lines = new Map<number, Promise<AnswerLine>>()
  for (const [question, asked] of questions.entries()) lines.set(question, answerOne(question, asked))
  while (lines.size > 0) {
    const line = await Promise.race(lines.values())
    lines.delete(line.question)
    yield `${JSON.stringify(line)}\n`
  }

  async function answerOne(question: number, asked: Record<string, string | string[]>): Promise<AnswerLine> {
    try {
      const request = parse(asked)
      if (request.format !== 'json') throw invalid('A line of the answer is JSON; ask GET /api/v1/usage for CSV')
      return { question, status: 200, answer: await answer(request) }
    } catch (error) {
      const known = toProblem(error)
      return { question, status: known.problem.status, problem: known.problem }
    }
  }
}
