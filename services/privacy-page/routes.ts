/**
 * The routes of the page: `/privacy` to read, `/privacy.json` for programs, `/privacy/policy` as text. The collector has them,
 * since the cookie lives there, and so has reporting; in one process both offer the choice.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ChoiceBook } from '../../shared/choices/choice-book.ts'
import { goneAfterDeletionMs } from '../../shared/retention/limits.ts'
import { escapeHtml } from '../reporting/escape-html.ts'
import { browserState } from './browser-state.ts'
import { choiceSection, clickedOf } from './choice-section.ts'
import { pageHeaders } from './page-style.ts'
import { type FactsDeps, privacyFacts } from './privacy-facts.ts'
import { privacyPage } from './privacy-page.ts'

export interface PrivacyPageDeps extends FactsDeps {
  /** Without: the choice is made on the collector's page. */
  readonly choices?: ChoiceBook | undefined
}

export function addPrivacyPage(app: FastifyInstance, deps: PrivacyPageDeps): void {
  const { policy, choices, config } = deps
  const facts = privacyFacts(deps)
  const json = JSON.stringify(facts)
  const sendJson = (reply: FastifyReply) =>
    reply.headers({ ...pageHeaders, 'content-type': 'application/json; charset=utf-8' }).send(json)
  const choiceOf = ({ headers, query }: FastifyRequest): string => {
    if (!choices) return choiceElsewhere(config.collectorPublicUrl)
    const state = browserState(headers, choices)
    const clicked = clickedOf((query as Record<string, unknown>).done)
    const deletedGoneMs = goneAfterDeletionMs(config.eventLogUrl)
    return choiceSection(state, { clicked, offersAccess: hasAccess(), deletedGoneMs })
  }
  const disclosed = () =>
    app.hasRoute({ method: 'GET', url: '/privacy/disclosures' })
      ? disclosedAt('')
      : disclosedAt(config.publicUrl || undefined)
  const hasAccess = () => app.hasRoute({ method: 'GET', url: '/v1/privacy/access' })
  app.get('/privacy', { schema: { hide: true } }, (request, reply) => {
    if (request.headers.accept?.startsWith('application/json')) return sendJson(reply)
    return reply
      .headers(pageHeaders)
      .send(privacyPage(facts, policy, { choice: choiceOf(request), disclosed: disclosed() }))
  })
  app.get('/privacy.json', { schema: { hide: true } }, (_request, reply) => sendJson(reply))
  app.get('/privacy/policy', { schema: { hide: true } }, (_request, reply) =>
    reply.headers({ ...pageHeaders, 'content-type': 'text/plain; charset=utf-8' }).send(policy.source),
  )
}

function choiceElsewhere(collectorUrl: string): string {
  const where =
    collectorUrl === ''
      ? 'It is made where usage is sent to: open <code>/privacy</code> there.'
      : `It is made where usage is sent to: <a class="button" href="${escapeHtml(collectorUrl)}/privacy#choice">Your choice</a>`
  return `<h2 id="choice">Your choice</h2>\n<div class="box"><p>You can choose not to be counted. ${where}</p></div>`
}

/** @param reportingUrl empty: here; undefined: nobody has said where */
function disclosedAt(reportingUrl: string | undefined): string {
  const where =
    reportingUrl === undefined
      ? '<code>/privacy/disclosures</code> of reporting says'
      : `<a href="${escapeHtml(reportingUrl)}/privacy/disclosures">the list of disclosures</a> says`
  return `<p>Personal information: nobody. Partners get noisy counts of many; who got which, for what and when, ${where}.</p>`
}
