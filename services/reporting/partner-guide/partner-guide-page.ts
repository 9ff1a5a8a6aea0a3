/**
 * The page at `/partner/guide`: what the numbers of a release mean, with the noise that the running catalogue gives. It says
 * nothing about any data. Plain HTML, no script, nothing from elsewhere. infra/partner-guide.md is the longer form.
 */
import type { FastifyInstance } from 'fastify'
import { type Catalogue, releasedDatasets } from '../../../shared/catalogue.ts'
import { escapeHtml } from '../escape-html.ts'
import { type GuideDataset, type GuideLevel, guideDatasets, guideLosses } from './guide-numbers.ts'
import { guideStyle, partnerGuidePolicy } from './guide-style.ts'
import { boundsTable, lossTable, noiseTable, percentTable, whole } from './guide-tables.ts'
import { noisePicture } from './noise-picture.ts'

/** Anybody may read it. */
export function addPartnerGuide(app: FastifyInstance, catalogue: Catalogue): void {
  const page = partnerGuidePage(catalogue)
  app.get('/partner/guide', { schema: { hide: true } }, (_request, reply) =>
    reply
      .headers({ 'content-type': 'text/html; charset=utf-8', 'content-security-policy': partnerGuidePolicy })
      .send(page),
  )
}

export function partnerGuidePage(catalogue: Catalogue): string {
  const datasets = releasedDatasets(catalogue).length > 0 ? guideDatasets(catalogue) : []
  const [first] = datasets
  const body = first ? guide(catalogue, datasets, first) : '<p>This installation releases nothing to partners.</p>'
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Reading a Headcount release</title><style>${guideStyle}</style></head><body><main>
<h1>Reading a Headcount release</h1>
<p class="soft">${escapeHtml(catalogue.title)} · catalogue ${escapeHtml(catalogue.version)}</p>
${body}
</main></body></html>
`
}

function guide(catalogue: Catalogue, datasets: readonly GuideDataset[], first: GuideDataset): string {
  const { k, publishAfterHours } = catalogue.releases
  const [leaf] = first.levels
  if (!leaf) return ''
  const low = whole(Math.max(0, 1000 - leaf.halfDevices))
  const high = whole(1000 + leaf.halfDevices)
  return `<p>A release is a table of counts for one dataset and one UTC day: how many devices used what. To each count random noise
was added, once, before anybody outside could see it. So no number tells whether one particular device is in it.</p>
<p>A day's release appears ${whole(publishAfterHours)} hours after the day's end, whatever is in it. It never changes, and every partner and
every format gets the same numbers.</p>
${noisePicture(first.levels)}
<h2>How wide the noise is</h2>
<p>The noise is as wide for a large count as for a small one. A published ${escapeHtml(leaf.level)} count of 1,000 devices means: probably
between ${low} and ${high}. “Probably” is 95 times of 100; one row of twenty is further off.</p>
${datasets.map((dataset) => noiseTable(dataset) + percentTable(dataset)).join('\n')}
<p>“Smallest” is the smallest number that can be published there. A cell of fewer than ${whole(k)} devices is never published.
“Rare”: a cell of so few devices is published in less than half of the cases.</p>
<h2>Why parts do not add up to their total</h2>
<ul>
${reasons(first, leaf)
  .map((one) => `<li>${one}</li>`)
  .join('\n')}
</ul>
${boundsTable(first)}
<h2>Rows with a flag, and rows that are missing</h2>
<ul>
<li><code>near_threshold</code>: the count is barely large enough to be published (below ${whole(leaf.unflaggedFrom)} devices at the level
${escapeHtml(leaf.level)}). Such rows are here because their noise was high: they are too large on average.</li>
<li><code>withheld</code>: the sum is left out, since it could be mostly one or two devices. A sum barely above the smallest one is too
large on average, too.</li>
<li>A missing row has few devices, or none. Nothing tells which. It is not a zero.</li>
</ul>
<h2>What is promised</h2>
<p>Think of somebody who knows everything about everyone else, and wants to find out one thing: was this device there on that day,
or not? A coin is right 50 times of 100. With everything that Headcount releases, to all partners together, this is how often that
somebody can be right:</p>
${lossTable(guideLosses(catalogue))}
<p>The promise is about one device (one cluster, where clusters report) on one day. Somebody with two devices, or whose browser lost its
cookie, is two. Days add up: the lines for 30 days and a year are for a device that is there every day. ε (epsilon) is the same in
the measure of the field, where smaller is safer; δ (delta) is the chance that the promise is not kept at all.</p>
<h2>What not to do</h2>
<ul>
<li><span class="not">Do not</span> take one day from another and read the difference as a change, unless it is wider than 1.4 times the ± above.</li>
<li><span class="not">Do not</span> add parts in place of a total, or take parts from a total to get at what is missing.</li>
<li><span class="not">Do not</span> pull again to average the noise away: you get the same numbers, for ever.</li>
<li><span class="not">Do not</span> drop the column <code>flags</code>, or fill missing rows with 0.</li>
<li><span class="not">Do not</span> try to find a device or a person in it, or put it beside other lists to that end.</li>
<li><span class="not">Do not</span> expect the exact totals of somebody's own count: they count other things.</li>
</ul>
<h2>Loading it</h2>
<pre>curl -sS -H "Authorization: Bearer $KEY" -o day.parquet \\
  "$REPORTING/partner/v1/datasets/${escapeHtml(first.id)}/releases/2026-11-23?format=parquet"

python3 -c 'import pandas; print(pandas.read_parquet("day.parquet"))'</pre>
<p>Also <code>csv</code>, <code>ndjson</code> and <code>arrow</code>. <code>REPORTING</code> is this address; <code>KEY</code> you got from whoever runs it. The manifest of each release has its
parameters and the SHA-256 of each file. Every answer has a header <code>Headcount-Ledger-Head</code>: keep one now and then, and the operator can be
asked to show that nothing was rewritten since. <a href="/docs">All requests</a>.</p>`
}

function reasons({ levels }: GuideDataset, { level, cellsMax }: GuideLevel): string[] {
  const hasTotal = levels.some(({ by }) => by.length === 0) && levels.length > 1
  const cells = cellsMax === 1 ? 'one cell only' : `at most ${whole(cellsMax)} cells`
  const once = hasTotal ? ' In the total it counts once.' : ''
  return [
    hasTotal
      ? "Each row has noise of its own, and so has the total. The noise of added parts adds up; the total's does not. <strong>Use the total's row.</strong>"
      : 'Each row has noise of its own, and the noise of added parts adds up.',
    `A device counts in ${cells} of the level ${escapeHtml(level)}; where it would be in more, chance decides which.${once}`,
    'Of a very busy device only so many events count.',
    `Small cells are missing from the parts${hasTotal ? ', and are in the total' : ''}.`,
  ]
}
