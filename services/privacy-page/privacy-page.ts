/** The page at `/privacy`: the policy as the running system carries it out. Plain HTML, no script, nothing from elsewhere. */
import type { Policy } from '../../shared/policy/policy.ts'
import { escapeHtml } from '../reporting/escape-html.ts'
import { contactLink, list, policyHtml, table, withCode } from './html-parts.ts'
import { htmlPage } from './page-style.ts'
import type { PrivacyFacts } from './privacy-facts.ts'

export interface PagePieces {
  /** HTML: the choice, or where it is made. */
  readonly choice: string
  /** HTML: who got what, or where that is told. */
  readonly disclosed: string
}

export function privacyPage(facts: PrivacyFacts, policy: Policy, { choice, disclosed }: PagePieces): string {
  return htmlPage(
    'Privacy',
    `<h1>Privacy</h1>
<p class="soft">${escapeHtml(facts.title)} · ${facts.operator === '' ? 'policy' : `run by ${escapeHtml(facts.operator)} · policy`} ${escapeHtml(policy.version)}</p>
<p>Heads are counted here, and no names are kept. What nodes, programs and browsers send is added up into counts; addresses and
identifiers are gone after a few days, and nobody is told a count from which one of you could be picked out.</p>
${policy.notice === '' ? '' : `<div class="box"><p><strong>New in version ${escapeHtml(policy.version)}</strong> (since ${escapeHtml(policy.since)}): ${escapeHtml(policy.notice)}</p></div>`}
<nav aria-label="On this page"><a href="#choice">Your choice</a><a href="#collected">What is collected</a><a href="#kept">How long</a><a href="#disclosed">Who got what</a><a href="#settings">Settings</a><a href="#clauses">Clause by clause</a><a href="#policy">The policy</a><a href="#contact">Questions</a></nav>
${choice}
${collectedSection(facts)}
${keptSection(facts)}
<h2 id="disclosed">Who got what</h2>
${disclosed}
<h2 id="settings">How this installation is set</h2>
${table(
  ['Setting', 'Value'],
  facts.settings.map(({ name, value }) => [name, value]),
)}
<h2 id="clauses">The policy, clause by clause</h2>
<p>What the policy says, what the system does about it, and what shows that it does. Each row has a test of its own, which runs the
system.</p>
<dl>
${facts.clauses.map(clauseHtml).join('\n')}
</dl>
<h2 id="policy">The policy</h2>
<p class="soft">${escapeHtml(policy.title)}, version ${escapeHtml(policy.version)}, since ${escapeHtml(policy.since)}. <a href="/privacy/policy">As text</a>; its SHA-256 is <code>${policy.sha256}</code>.</p>
<blockquote>
${policyHtml(policy.text)}
</blockquote>
<h2 id="contact">Questions</h2>
${contactHtml(facts)}
<p class="soft">The same as this page, for programs: <a href="/privacy.json">/privacy.json</a>.</p>`,
  )
}

function collectedSection({ collected }: PrivacyFacts): string {
  const { received, features, dimensions, measures, datasets, catalogue } = collected
  return `<h2 id="collected">What is collected</h2>
${table(
  ['What arrives', 'What becomes of it'],
  received.map(({ what, becomes }) => [what, becomes]),
)}
<p>What is counted is one list, the catalogue (version ${escapeHtml(catalogue)}). A value that is not on it becomes “(other)”; what is not declared there
cannot be stored.</p>
<h3>Features</h3>
<p>${escapeHtml(features.join(', '))}.</p>
<h3>By what they are counted</h3>
${table(
  ['Property', 'Values'],
  dimensions.map(({ title, values }) => [title, values]),
)}
${
  measures.length === 0
    ? ''
    : `<h3>Sizes, of clusters</h3>\n${table(
        ['Size', 'Range'],
        measures.map(({ title, range }) => [title, range]),
      )}`
}
<h3>Tables</h3>
${list(datasets.map(({ title, by, sizes, released }) => `${title}: by ${by.join(', ')}${sizes.length === 0 ? '' : `; with ${sizes.join(', ')}`}${released ? '. Noisy counts of it go to partners' : ''}.`))}`
}

function keptSection({ kept }: PrivacyFacts): string {
  const ofSomebody = kept.filter(({ about }) => about !== 'nobody')
  const ofNobody = kept.filter(({ about }) => about === 'nobody')
  return `<h2 id="kept">How long it is kept</h2>
<p>First what is about somebody, or a keyed hash of an identifier; its end does not wait for anybody to ask.</p>
${table(
  ['What', 'How long', 'Removed by'],
  ofSomebody.map(({ what, contains, howLong, removedBy }) => [`${what}\n${contains}`, howLong, removedBy]),
)}
<h3>What is about nobody</h3>
${table(
  ['What', 'What it is', 'How long'],
  ofNobody.map(({ what, contains, howLong }) => [what, contains, howLong]),
)}`
}

function clauseHtml({ id, says, does, here, shownBy }: PrivacyFacts['clauses'][number]): string {
  const running = here === undefined ? '' : `<dd><span class="soft">Here:</span>${withCode(here)}</dd>\n`
  return `<dt id="clause-${id}">“${withCode(says)}”</dt>
<dd>${withCode(does)}</dd>
${running}<dd><span class="soft">Shown by:</span>${withCode(shownBy)} <span class="soft">(<code>${id}</code>)</span></dd>`
}

function contactHtml({ contact, operator }: PrivacyFacts): string {
  const who = operator === '' ? 'whoever runs this installation' : escapeHtml(operator)
  if (contact.isOperators) return `<p>Ask ${who}: ${contactLink(contact.address)}.</p>`
  if (contact.address === '') return `<p>Ask ${who}.</p>`
  return `<p>The policy names ${contactLink(contact.address)}. An address of ${who} has not been set here.</p>`
}
