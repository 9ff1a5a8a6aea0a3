import { createHash } from 'node:crypto'
import { noisePictureStyle } from './noise-picture.ts'

export const guideStyle = `:root{color-scheme:light dark;--text:#1d2530;--soft:#55606e;--line:#d9dee5;--page:#fff;--link:#0b57a4;--warn:#8a4600}
@media(prefers-color-scheme:dark){:root{--text:#e6eaf0;--soft:#a3adba;--line:#333c48;--page:#14181e;--link:#8abcf5;--warn:#f0a35e}}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.55 system-ui,sans-serif}
main{max-width:46rem;margin:0 auto;padding:2rem 1rem 3rem}
h1{font-size:1.6rem;line-height:1.25;margin:0}h2{font-size:1.2rem;margin:2.2rem 0 .4rem}h3{font-size:1rem;margin:1.2rem 0 .3rem}
p,ul{margin:.5rem 0}ul{padding-left:1.2rem}li{margin:.3rem 0}a{color:var(--link)}.soft{color:var(--soft)}.not{color:var(--warn);font-weight:600}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:right}th{font-weight:600;vertical-align:bottom}
th:first-child,td:first-child{text-align:left;padding-left:0}th:last-child,td:last-child{padding-right:0}td+td{white-space:nowrap}th .soft{display:block;font-size:14px;font-weight:400}
@media(max-width:30rem){table{font-size:14px}th,td{padding:.3rem .35rem}}
code,pre{font:14px/1.5 ui-monospace,monospace}pre{overflow-x:auto;padding:.75rem;border:1px solid var(--line);border-radius:6px}
svg{display:block;width:100%;max-width:32rem;height:auto;margin:1rem 0}${noisePictureStyle}`

/** For the header of the page: its own style sheet and nothing else. */
export const partnerGuidePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(guideStyle).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
