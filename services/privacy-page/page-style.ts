import { createHash } from 'node:crypto'

export const pageStyle = `:root{color-scheme:light dark;--text:#1d2530;--soft:#55606e;--line:#d9dee5;--page:#fff;--box:#f4f6f9;--link:#0b57a4;--on:#fff;--good:#1c6b3c}
@media(prefers-color-scheme:dark){:root{--text:#e6eaf0;--soft:#a3adba;--line:#333c48;--page:#14181e;--box:#1c222a;--link:#8abcf5;--on:#10151b;--good:#7fd0a0}}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,sans-serif;overflow-wrap:break-word}code{overflow-wrap:anywhere}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem 3rem}
h1{font-size:1.6rem;line-height:1.25;margin:0}h2{font-size:1.2rem;margin:2.4rem 0 .4rem;scroll-margin-top:1.2rem}h3{font-size:1rem;margin:1.4rem 0 .3rem}
p,ul{margin:.5rem 0}ul{padding-left:1.2rem}li{margin:.3rem 0}a{color:var(--link)}.soft{color:var(--soft)}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:1rem 0 0;padding:.6rem 0;border-top:1px solid var(--line);border-bottom:1px solid var(--line)}
.box{background:var(--box);border:1px solid var(--line);border-radius:8px;padding:.9rem 1rem;margin:1rem 0}.box p:first-child{margin-top:0}.box p:last-child{margin-bottom:0}
.said{border-left:4px solid var(--good)}.state{font-weight:600}
form{display:inline-block;margin:.3rem .6rem .3rem 0}
button,.button{display:inline-block;box-sizing:border-box;min-height:44px;padding:.55rem 1.1rem;border:1px solid var(--link);border-radius:8px;background:var(--page);color:var(--link);font:inherit;line-height:1.6;text-decoration:none;cursor:pointer}
button.first{background:var(--link);color:var(--on)}button:focus-visible,a:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6rem 0}
th,td{padding:.45rem .8rem .45rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}th{font-weight:600}td:last-child,th:last-child{padding-right:0}th[scope=row]{width:34%}th .soft{display:block;font-weight:400}
dl{margin:0}dt{padding-top:.8rem;border-top:1px solid var(--line);font-weight:600}dd{margin:.15rem 0}dd:last-of-type{margin-bottom:.8rem}dd .soft{margin-right:.3rem}
code{font:14px/1.5 ui-monospace,monospace}blockquote{margin:.8rem 0;padding:.1rem 0 .1rem 1rem;border-left:3px solid var(--line)}blockquote h3:first-child{margin-top:.4rem}
@media(max-width:34rem){table.stack thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}table.stack tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}table.stack td,table.stack th{display:block;width:auto;border:0;padding:0}table.stack td::before{content:attr(data-label);color:var(--soft);margin-right:.4rem}form,button,.button{width:100%;margin-right:0;text-align:center}}
@media print{nav,form,button,.button{display:none}body{font-size:11pt}main{max-width:none;padding:0}h2{break-after:avoid}tr,dt,dd{break-inside:avoid}a{color:inherit}}`

const styleHash = createHash('sha256').update(pageStyle).digest('base64')

/**
 * For every page of this folder: its own style sheet, its own forms, nothing else. The referrer stays within the origin:
 * with none at all a browser says `Origin: null` of the page's own forms.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** @param body HTML */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title><style>${pageStyle}</style></head><body><main>
${body}
</main></body></html>
`
}
