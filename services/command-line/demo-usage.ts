/** What the usage API says about the days of a demo: events and devices, in total and by feature. */
import type { Catalogue } from '../../shared/catalogue.ts'
import { ConfigError } from '../../shared/config.ts'
import { dayMs, utcDay } from '../../shared/window.ts'

const answerMsMax = 10_000

/** The dataset that every event of the catalogue is in. */
export interface Panel {
  readonly dataset: string
  /** Its dimension that is the feature; undefined when it has none. */
  readonly by: string | undefined
}

export interface UsageRow {
  events: number
  devices: number
}

export interface Usage {
  readonly rows: ReadonlyMap<string, UsageRow>
  /** How many rows the API withholds. */
  readonly suppressed: number
  /** ms since the Unix epoch; undefined when no worker has said yet. */
  readonly freshTo: number | undefined
}

/** Undefined when no dataset has every event by day. */
export function choosePanel({ datasets, dimensions }: Catalogue): Panel | undefined {
  const byFeature = new Set(dimensions.filter(({ origin }) => origin === 'feature').map(({ id }) => id))
  const whole = datasets.filter(({ when, grains }) => when.size === 0 && grains.includes('day'))
  const panels = whole.map(({ id, dimensions: own }) => ({ dataset: id, by: own.find((one) => byFeature.has(one)) }))
  return panels.find(({ by }) => by !== undefined) ?? panels[0]
}

export class UsageApi {
  readonly #url: string
  readonly #token: string
  readonly #from: number

  /** @param since ms since the Unix epoch: usage of that UTC day and all later ones is asked for */
  constructor(url: string, token: string, since: number) {
    this.#url = url
    this.#token = token
    this.#from = since
  }

  /** @param by a dimension; undefined: one row, named '', for everything */
  async read(dataset: string, by: string | undefined): Promise<Usage> {
    const query = new URLSearchParams({
      dataset,
      metrics: 'events,devices',
      grain: 'day',
      from: utcDay(this.#from),
      to: utcDay(Date.now() + dayMs),
      ...(by === undefined ? {} : { by }),
    })
    const answer = await fetch(`${this.#url}/api/v1/usage?${query}`, {
      headers: { authorization: `Bearer ${this.#token}` },
      signal: AbortSignal.timeout(answerMsMax),
    })
    const content = (await answer.json()) as UsageAnswer
    if (!answer.ok)
      throw new ConfigError(`The usage API answered ${answer.status}: ${content.title}. ${content.detail}`)
    return {
      rows: rowsBy(content, by),
      suppressed: content.suppressed,
      freshTo: content.fresh_to ? Date.parse(content.fresh_to) : undefined,
    }
  }
}

interface UsageAnswer {
  columns: string[]
  rows: (string | number)[][]
  suppressed: number
  fresh_to?: string | null
  title?: string
  detail?: string
}

/** A demo over midnight has several windows: their events are added up, of devices it is the most. */
function rowsBy({ columns, rows }: UsageAnswer, by: string | undefined): Map<string, UsageRow> {
  const at = (name: string) => columns.indexOf(name)
  const found = new Map<string, UsageRow>()
  for (const row of rows) {
    const name = by === undefined ? '' : String(row[at(by)])
    const events = Number(row[at('events')])
    const devices = Number(row[at('devices')])
    const known = found.get(name)
    found.set(name, { events: events + (known?.events ?? 0), devices: Math.max(devices, known?.devices ?? 0) })
  }
  return found
}
