/** "What is held": the answer to whoever asks for access in a browser. Programs get the same as JSON. */
import type { Held } from '../collector/privacy/what-is-held.ts'
import { escapeHtml } from '../reporting/escape-html.ts'
import { list, table } from './html-parts.ts'
import { htmlPage } from './page-style.ts'

const chosen: Readonly<Record<Held['choice'], string>> = {
  'opt-out': 'It has opted out: it is not counted.',
  'opt-in': 'It has opted in again: it is counted.',
  'not made': 'No choice was made: it is counted.',
}
const acts: Readonly<Record<string, string>> = { 'opt-out': 'opted out', 'opt-in': 'opted in', deletion: 'deletion' }
const leftOut = { 'opted-out': 'left out, as it opted out', deleted: 'left out, as asked', no: 'counted' } as const

export function heldPage({ choice, history, records, complete, notTold }: Held): string {
  const sent =
    records.length === 0
      ? '<p>Nothing that it sent: it has sent nothing, or the files have gone.</p>'
      : records.map(recordHtml).join('\n')
  return htmlPage(
    'What is held',
    `<h1>What is held</h1>
<p class="soft">under the cookie of this browser · <a href="/privacy#choice">back to the choice</a></p>
<h2>Its choice</h2>
<p>${chosen[choice]}</p>
${list(history.map((one) => `${one.at}: ${acts[one.choice] ?? one.choice} (policy ${one.policy})`))}
<h2>What it sent</h2>
${complete ? '' : '<p>This is a part, as there is too much for one page.</p>'}
${sent}
<h2>What cannot be shown</h2>
${list(notTold)}`,
  )
}

function recordHtml(record: Held['records'][number]): string {
  const rows = record.events.map(({ time, feature, id, fields }) => [
    feature,
    time,
    [`id ${id}`, ...Object.entries(fields).map(([name, value]) => `${name} ${value}`)].join(', '),
  ])
  return `<h3>${record.receivedAt}</h3>
<p>From ${escapeHtml(record.address)}, as ${escapeHtml(record.userAgent === '' ? 'a program that does not say what it is' : record.userAgent)}. It is ${leftOut[record.leftOut]}, and gone by ${record.goneBy}.</p>
${table(['Feature', 'When', 'With'], rows)}`
}
