/** What a form of the page is answered with: the page again, which says what happened, or a problem as a page. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../../shared/http/problem.ts'
import { escapeHtml } from '../reporting/escape-html.ts'
import type { Clicked } from './choice-section.ts'
import { htmlPage, pageHeaders } from './page-style.ts'

/** Whether a browser sent a form and wants to show the answer; a program that sends one gets JSON. */
export function isPageForm({ headers }: FastifyRequest): boolean {
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  return isForm && headers.accept?.includes('text/html') === true
}

/** 303, so that reloading the page does not send the form again. */
export function backToPage(reply: FastifyReply, clicked: Clicked): FastifyReply {
  return reply
    .code(303)
    .headers({ location: `/privacy?done=${clicked}#choice`, 'cache-control': 'no-store' })
    .send()
}

export function sendProblemPage(reply: FastifyReply, problem: Problem, headers: Record<string, string> = {}): void {
  const body = `<h1>${escapeHtml(problem.title)}</h1>
<p>${escapeHtml(problem.detail)}</p>
<p><a class="button" href="/privacy#choice">Back to the choice</a></p>`
  reply
    .code(problem.status)
    .headers({ ...headers, ...pageHeaders })
    .send(htmlPage(escapeHtml(problem.title), body))
}
