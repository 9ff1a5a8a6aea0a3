/** How a demo ended: what was sent against what was counted, and whether they match. */
import type { Expected } from './demo-expected.ts'
import type { SendTally } from './demo-sender.ts'
import type { Usage } from './demo-usage.ts'
import { wrapText } from './wrap-text.ts'

export interface Outcome {
  readonly tally: Readonly<SendTally>
  readonly expected: Expected
  readonly seconds: number
  readonly dataset: string
  readonly total: { readonly before: Usage; readonly after: Usage }
  readonly byFeature: { readonly before: Usage; readonly after: Usage } | undefined
  /** Whether everything accepted was in the tables when they were read. */
  readonly isFresh: boolean
  /** Nobody else sends to the installation. */
  readonly isOwn: boolean
  readonly k: number
}

export interface Verdict {
  readonly matches: boolean
  readonly text: string
}

/** Events since the baseline; undefined when either side is hidden. Absent is zero only if nothing is hidden. */
export function since(before: Usage, after: Usage, name: string): number | undefined {
  const [earlier, later] = [eventsOf(before, name), eventsOf(after, name)]
  return earlier === undefined || later === undefined ? undefined : later - earlier
}

/** The summary and its verdict; a match that the API's suppression does not let be seen counts as none found wrong. */
export function summarise(outcome: Outcome): Verdict {
  const { expected, tally, total, dataset } = outcome
  const counted = since(total.before, total.after, '')
  const today = eventsOf(total.after, '')
  const verdict = judge(outcome, counted)
  const rows: [string, string, string][] = [
    ['sent', number(tally.sent), sentNote(outcome)],
    ['accepted', number(tally.accepted), tally.rejected > 0 ? `${number(tally.rejected)} rejected` : ''],
    [
      'expected',
      number(expected.events),
      `less ${number(expected.bots)} of bots, ${number(expected.sameReports)} repeated reports`,
    ],
    counted === undefined && today !== undefined
      ? ['counted', number(today), `in all today in ${dataset}, by the usage API`]
      : ['counted', counted === undefined ? 'hidden' : number(counted), `in ${dataset}, by the usage API`],
  ]
  if (tally.unanswered > 0)
    rows.push(['unanswered', number(tally.unanswered), 'the collector never said whether it has them'])
  const lines = rows.map(([name, figure, note]) => `  ${name.padEnd(11)}${figure.padStart(9)}  ${note}`.trimEnd())
  return {
    matches: verdict.matches,
    text: `${['', ...lines, '', ...[verdict.text, ...featureLines(outcome)].flatMap(inWidth)].join('\n')}\n`,
  }
}

function inWidth(line: string): string[] {
  const { isTTY, columns } = process.stdout
  return isTTY && !line.startsWith(' ') ? wrapText(line, columns) : [line]
}

function sentNote({ tally, seconds }: Outcome): string {
  const perSecond = Math.round(tally.sent / Math.max(1, seconds))
  return `events, ${number(perSecond)} a second; ${number(tally.again)} sent again`
}

function judge({ expected, tally, total, isFresh, isOwn, k }: Outcome, counted: number | undefined): Verdict {
  const wanted = expected.events
  if (!isFresh)
    return { matches: false, text: 'Cannot be compared: the tables are behind what was sent; `doctor` may say why.' }
  if (counted === undefined) return judgeHidden(total, wanted, k)
  const extra = counted - wanted
  if (extra === 0) return { matches: true, text: 'Matches: every event was counted, and none twice.' }
  if (extra < 0) return { matches: false, text: `Does not match: ${number(-extra)} events are missing.` }
  if (extra <= tally.unanswered)
    return { matches: true, text: `Matches: the ${number(extra)} more are among those that were never answered.` }
  if (isOwn) return { matches: false, text: `Does not match: ${number(extra)} events too many.` }
  return { matches: true, text: `Nothing is missing; ${number(extra)} more came from other senders meanwhile.` }
}

function judgeHidden({ before, after }: Outcome['total'], wanted: number, k: number): Verdict {
  const now = eventsOf(after, '')
  if (now === undefined)
    return { matches: true, text: `Cannot be compared: the API hides what fewer than ${k} devices (k) have sent.` }
  if (now < wanted) return { matches: false, text: `Does not match: ${number(wanted - now)} events are missing.` }
  const reason = `the API hid the events that fewer than ${k} devices had sent today before the demo`
  const hidden =
    before.suppressed > 0 ? `; ${reason}, and ${number(now - wanted)} more than the demo's are there now` : ''
  return { matches: true, text: `Nothing is missing${hidden}.` }
}

function featureLines({ byFeature, expected, isFresh }: Outcome): string[] {
  if (!byFeature || !isFresh) return []
  const compared = [...expected.byFeature].map(([name, wanted]) => ({
    name,
    wanted,
    counted: since(byFeature.before, byFeature.after, name),
  }))
  const hidden = compared.filter(({ counted }) => counted === undefined)
  const differing = compared.filter(({ wanted, counted }) => counted !== undefined && counted !== wanted)
  const same = compared.length - hidden.length - differing.length
  if (hidden.length === compared.length)
    return ['By feature: none can be compared, being hidden by the API now or before.']
  const withheld =
    hidden.length > 0 ? `; ${hidden.length} cannot be compared, being hidden by the API now or before` : ''
  return [
    `By feature: ${same} of ${compared.length} match${withheld}.`,
    ...differing.map(({ name, wanted, counted }) => `  ${name}: expected ${wanted}, counted ${counted}`),
  ]
}

function eventsOf(usage: Usage, name: string): number | undefined {
  return usage.rows.get(name)?.events ?? (usage.suppressed > 0 ? undefined : 0)
}

function number(value: number): string {
  return value.toLocaleString('en')
}
