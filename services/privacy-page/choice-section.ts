/** "Your choice": what is known of this browser, and the buttons. Plain forms, so that they work without a script. */

import { rawRetentionMs } from '../../shared/retention/limits.ts'
import type { BrowserState } from './browser-state.ts'

/** What the last click was; it is said only as far as the state shows that it has happened. */
export type Clicked = 'opt-out' | 'opt-in' | 'deletion' | 'nothing-held'
const clicks: readonly string[] = ['opt-out', 'opt-in', 'deletion', 'nothing-held'] satisfies Clicked[]

export function clickedOf(given: unknown): Clicked | undefined {
  return typeof given === 'string' && clicks.includes(given) ? (given as Clicked) : undefined
}

/** @param offersAccess whether the server can show what is held */
/** What the page shows of the choice. */
interface Offered {
  readonly clicked: Clicked | undefined
  readonly offersAccess: boolean
  /** So long after a deletion its last raw record is gone; ms. */
  readonly deletedGoneMs: number
}

export function choiceSection(state: BrowserState, { clicked, offersAccess, deletedGoneMs }: Offered): string {
  return `<h2 id="choice">Your choice</h2>
${clicked === undefined ? '' : `<div class="box said" role="status"><p>${said(clicked, deletedGoneMs, state)}</p></div>`}
<div class="box"><p class="state">${counted[state.counted]}</p>
<p>${held(state)}</p>
${buttons(state)}</div>
<h3 id="held">What is held about this browser</h3>
${heldList(state)}
${
  state.hasIdentifier
    ? `${offersAccess ? '<form method="get" action="/v1/privacy/access"><button>Show everything that is held</button></form>\n' : ''}<form method="post" action="/v1/privacy/deletion"><button>Delete what is held</button></form>
<p class="soft">Deleting cuts what was received from this browser until now out of everything that is yet to be counted. What has been counted already is in sums from which nobody can tell who was in them. Deleting is no opt-out: what is sent later is counted again.</p>`
    : '<p class="soft">Without the cookie nothing is held that could be found again, so there is nothing to show or delete.</p>'
}
<p>A program or a node opts out by its device identifier, and every browser can say so by itself: with Global Privacy Control or Do Not Track on, nothing that it sends is counted or written down.</p>`
}

const counted: Readonly<Record<BrowserState['counted'], string>> = {
  yes: 'This browser is counted where it uses what is listed below.',
  gpc: 'This browser sends Global Privacy Control: it is not counted.',
  dnt: 'This browser sends Do Not Track: it is not counted.',
  'opted-out': 'This browser has opted out: it is not counted.',
}

function held({ hasIdentifier, hasChoiceCookie, counted: why }: BrowserState): string {
  if (why === 'gpc' || why === 'dnt') return 'That is honoured before anything is written. You need do nothing else.'
  if (hasChoiceCookie)
    return 'A cookie remembers it that is the same for everybody who opts out. If you delete it, opt out again.'
  if (hasIdentifier)
    return 'It has our cookie, a random number, by which its visits of a day, a week or a month are one.'
  return 'It has no cookie of ours, so it is counted by the day only, and two days are not linked.'
}

function buttons({ counted: why, hasChoiceCookie }: BrowserState): string {
  if (why === 'opted-out' || hasChoiceCookie) return choiceForm('opt-in', 'Count this browser again')
  if (why === 'yes') return choiceForm('opt-out', 'Do not count this browser')
  return ''
}

function choiceForm(choice: 'opt-out' | 'opt-in', label: string): string {
  return `<form method="post" action="/v1/privacy/choice"><input type="hidden" name="choice" value="${choice}"><button class="first">${label}</button></form>`
}

function said(
  clicked: Clicked,
  deletedGoneMs: number,
  { counted: why, choices, hasChoiceCookie }: BrowserState,
): string {
  const deleted = choices.findLast(({ act }) => act === 'deletion')
  switch (clicked) {
    case 'opt-out':
      if (why === 'opted-out') return 'Done. From now on nothing that this browser sends is counted or written down.'
      if (why !== 'yes') return 'Nothing that this browser sends is counted, since it says so itself.'
      return 'Your browser has not kept the choice, as it takes no cookie from here. Allow the cookie, or turn on Global Privacy Control or Do Not Track in the browser: that works without one.'
    case 'opt-in':
      return why === 'opted-out' || hasChoiceCookie
        ? 'This browser is still opted out.'
        : 'Done. What this browser sends from now on is counted; what it sent meanwhile is not.'
    case 'deletion':
      return deleted
        ? `Done. What was received from this browser until ${moment(deleted.at)} is left out of everything that is yet to be counted, and its last byte is gone by ${moment(deleted.at + deletedGoneMs)}.`
        : 'Nothing was found to delete.'
    case 'nothing-held':
      return 'This browser has no cookie of ours: nothing is held that could be found again, so there is nothing to delete.'
  }
}

function heldList({ hasIdentifier, choices }: BrowserState): string {
  const acts = { 'opt-out': 'opted out', 'opt-in': 'opted in', deletion: 'asked for deletion' }
  const lines = choices.map(({ act, at, policy }) => `<li>${moment(at)}: ${acts[act]} (policy ${policy})</li>`)
  if (!hasIdentifier) return ''
  const chosen = lines.length === 0 ? '<li>No choice was made under its cookie.</li>' : lines.join('\n')
  return `<ul>\n${chosen}
<li>What it sent in the last ${Math.round(rawRetentionMs / 3_600_000)} hours, if it sent anything, until its files are deleted.</li>\n</ul>`
}

/** `25 Nov 2026, 13:04 UTC` */
function moment(at: number): string {
  const day = new Date(at).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  })
  return `${day}, ${new Date(at).toISOString().slice(11, 16)} UTC`
}
