/** What is kept by others: browsers, and whoever collects what an installation says. */
import { dayMs } from '../window.ts'
import { everywhere, inWords, type KeptSettings, type KindOfData } from './kind-of-data.ts'
import { choiceCookieMs } from './limits.ts'

export function outsideKinds({ cookie, cookieDays }: KeptSettings): readonly KindOfData[] {
  return [
    {
      id: 'browser-cookie',
      title: 'The cookie headcount',
      contains: '128 random bits, in the browser that was given them',
      about: 'identified',
      where: everywhere(cookie ? 'the browser' : 'nowhere: HEADCOUNT_COOKIE is off'),
      places: {},
      keptMs: cookieDays * dayMs,
      since: 'made',
      howLong: cookie ? inWords(cookieDays * dayMs) : 'none is given',
      removedBy: everywhere('the browser; its user at any time'),
    },
    {
      id: 'choice-cookie',
      title: 'The cookie headcount_choice',
      contains: 'the word opt-out, the same for everybody',
      about: 'nobody',
      where: everywhere('the browser of who opted out'),
      places: {},
      keptMs: choiceCookieMs,
      since: 'made',
      howLong: inWords(choiceCookieMs),
      removedBy: everywhere('the browser; its user at any time; opting in'),
    },
    {
      id: 'logs',
      title: 'Log lines',
      contains: 'what happened, counts and error codes; no identifier, address, key or value of an event',
      about: 'nobody',
      where: everywhere('standard output; no file is written'),
      places: {},
      howLong: 'as whoever collects them sets it',
      removedBy: everywhere('whoever collects them'),
    },
    {
      id: 'metrics',
      title: 'Metrics',
      contains: 'totals by closed sets of labels',
      about: 'nobody',
      where: everywhere('memory of each process; Prometheus, where there is one'),
      places: {},
      howLong: 'while the process runs; in Prometheus as it is set (15 days by default)',
      removedBy: everywhere('the end of the process; Prometheus'),
    },
    {
      id: 'backups',
      title: 'Backups',
      contains:
        'what the operator copies: tables, choices and exports; never the event log, the key-value store, scratch',
      about: 'nobody',
      where: everywhere('none is made by itself'),
      places: {},
      howLong: 'as the operator sets it',
      removedBy: everywhere('the operator'),
    },
  ]
}
