/** The page at `/about`: where everything is. Plain HTML, no script, nothing from elsewhere. */
import { createHash } from 'node:crypto'
import type { Catalogue } from '../../shared/catalogue.ts'
import type { Config } from '../../shared/config.ts'
import { escapeHtml } from './escape-html.ts'

const style = `:root{color-scheme:light dark;--text:#1d2530;--soft:#55606e;--line:#d9dee5;--page:#fff;--link:#0b57a4}
@media(prefers-color-scheme:dark){:root{--text:#e6eaf0;--soft:#a3adba;--line:#333c48;--page:#14181e;--link:#8abcf5}}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,sans-serif}
main{max-width:42rem;margin:0 auto;padding:2rem 1rem 3rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
p{margin:.5rem 0}a{color:var(--link)}.soft{color:var(--soft)}
dl{margin:0}dt{padding-top:.6rem;border-top:1px solid var(--line)}dd{margin:0 0 .6rem;color:var(--soft);overflow-wrap:anywhere}
code,pre{font:14px/1.5 ui-monospace,monospace}pre{overflow-x:auto;padding:.75rem;border:1px solid var(--line);border-radius:6px}`

/** For the header of the page: its own style sheet and nothing else. */
export const frontPagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** @param k devices that a cell must have to be shown */
export function frontPage(catalogue: Catalogue, config: Config, k: number): string {
  const collector = collectorAddress(config)
  const published = collector
    ? `<a href="${escapeHtml(collector)}/v1/catalogue">GET /v1/catalogue</a> of the collector`
    : 'GET /v1/catalogue of the collector'
  const datasets = catalogue.datasets.map(
    ({ id, title, dimensions }) =>
      `<dt>${escapeHtml(title)} <code>${escapeHtml(id)}</code></dt><dd>by ${escapeHtml(dimensions.join(', '))}</dd>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Headcount reporting</title><style>${style}</style></head><body><main>
<h1>Headcount reporting</h1>
<p class="soft">${escapeHtml(catalogue.title)} · catalogue ${escapeHtml(catalogue.version)}</p>
<p>Usage as counts: how many events, from how many devices. A count of fewer than ${k} devices is not shown.</p>
<h2>Where to look</h2>
<dl>
<dt><a href="/">Dashboard</a></dt><dd>How it is used, in one page. Needs a sign-in.</dd>
<dt><a href="/docs">Documentation of the API</a></dt><dd>Every request, with examples; also as <a href="/openapi.json">OpenAPI 3.1</a>.</dd>
<dt><a href="/api/v1/datasets">GET /api/v1/datasets</a></dt><dd>What can be asked for. Needs the analyst token.</dd>
<dt>${published}</dt><dd>What is collected, in public.</dd>
<dt><a href="/partner/guide">Guide for partners</a></dt><dd>What the numbers of a release mean; the files are behind a partner key.</dd>
<dt><a href="/privacy">Privacy</a></dt><dd>What is collected, how long it is kept, the policy clause by clause; <a href="/privacy/disclosures">who got what</a>.</dd>
<dt><a href="/privacy/ledger">Heads of the ledger</a></dt><dd>Of each day; whoever keeps one can tell later whether the ledger was rewritten.</dd>
</dl>
<h2>A first question</h2>
<pre>curl -H "Authorization: Bearer $TOKEN" \\
  "$REPORTING/api/v1/usage?dataset=${escapeHtml(catalogue.datasets[0]?.id ?? '')}&amp;grain=day"</pre>
<p class="soft"><code>TOKEN</code> is <code>analystToken</code> in <code>credentials.json</code> in the data folder, or HEADCOUNT_ANALYST_TOKEN; <code>REPORTING</code> is this address.</p>
<h2>Datasets</h2>
<dl>${datasets.join('\n')}</dl>
</main></body></html>
`
}

/** Empty where it cannot be told from the settings: nobody can go to a port not known yet, or to "every address". */
export function collectorAddress({ host, collectorPort }: Pick<Config, 'host' | 'collectorPort'>): string {
  const isUnknown = collectorPort === 0 || ['0.0.0.0', '::'].includes(host)
  return isUnknown ? '' : `http://${urlHost(host)}:${collectorPort}`
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}
