/** The page at `/privacy/disclosures`: who was given what, in words. */
import { contactLink, list, table } from '../../privacy-page/html-parts.ts'
import { htmlPage } from '../../privacy-page/page-style.ts'
import { escapeHtml } from '../escape-html.ts'
import type { DisclosureAnswer, ToldDataset, ToldPartner } from './disclosure-answer.ts'

export function disclosuresPage(answer: DisclosureAnswer, limit: number): string {
  const { personalInformation, problem } = answer
  const body =
    problem === undefined
      ? disclosed(answer, limit)
      : `<div class="box" role="alert"><p><strong>${escapeHtml(problem)}</strong></p></div>`
  const { contact, statement } = personalInformation
  return htmlPage(
    'Who got what',
    `<h1>Who got what</h1>
<p class="soft"><a href="/privacy">Privacy</a> · <a href="/privacy/disclosures?format=json">the same for programs</a></p>
${body}
<h2>For California residents</h2>
<p>${escapeHtml(statement)}</p>
${contact === '' ? '' : `<p>This page is the notice; to have it in writing, ask ${contactLink(contact)}.</p>`}`,
  )
}

function disclosed(
  { partners = [], partnersInAll = 0, next, ledger, transfers = [] }: DisclosureAnswer,
  limit: number,
): string {
  const none = '<p>Nobody has been given a key: nothing has been handed out.</p>'
  const more =
    next === undefined ? '' : `<p><a href="/privacy/disclosures?after=${next}&amp;limit=${limit}">More partners</a></p>`
  return `<p>Categories of personal information shared: <strong>none</strong>. Partners get frozen tables of counts, with noise added; no row is about one
device or person.</p>
<p class="soft">${partnersInAll === 1 ? 'One partner' : `${partnersInAll} partners`}, by the ledger up to entry ${ledger?.seq}, whose chain was checked while this was read. <a href="/privacy/ledger">Its heads</a> are published each day.</p>
${partners.length === 0 ? none : partners.map(partnerHtml).join('\n')}
${more}
${transfers.length === 0 ? '' : `<h2>Moved as a whole</h2>\n${list(transfers.map(({ at, to }) => `${at.slice(0, 10)}: counts, releases and ledger went to ${to}.`))}`}`
}

function partnerHtml(partner: ToldPartner): string {
  const { name, purpose, since, until, revokedAt, mayRead, read } = partner
  const end = revokedAt === undefined ? `until ${until.slice(0, 10)}` : `revoked on ${revokedAt.slice(0, 10)}`
  return `<h2>${escapeHtml(name)}</h2>
<p>For: ${escapeHtml(purpose)}. From ${since.slice(0, 10)}, ${end}. May read: ${escapeHtml(mayRead.join(', '))}.</p>
${read.length === 0 ? '<p class="soft">Has read nothing.</p>' : table(['Dataset', 'By', 'Days', 'Read', 'From – to'], read.map(datasetRow))}`
}

function datasetRow({
  title,
  by,
  days,
  daysRead,
  olderStretches,
  filesRead,
  descriptionsRead,
  formats,
  first,
  last,
}: ToldDataset): string[] {
  const stretches = days.map(([from, to]) => (from === to ? from : `${from} to ${to}`))
  const older = olderStretches === undefined ? '' : ` and ${olderStretches} older stretches`
  return [
    title,
    by.join(', '),
    daysRead === 0 ? 'none' : `${daysRead}: ${stretches.join(', ')}${older}`,
    `${filesRead} files${formats.length === 0 ? '' : ` (${formats.join(', ')})`}, ${descriptionsRead} lists or descriptions`,
    `${first.slice(0, 10)} – ${last.slice(0, 10)}`,
  ]
}
