/** Bugs to plant in a dialect: what fuzzing has to find, or else it would find nothing in the others either. */
import type { Dialect, Reading, SentRequest } from '../../services/collector/protocols/dialect.ts'
import { RecordText, recordHead } from '../../shared/event.ts'

export type Plant = 'crash' | 'slow' | 'hang' | 'unreadable-record' | 'server-error'

const slowMs = 2500

/** The dialect with a bug that few requests reach: those in which a member is null or empty. */
export function plantIn(dialect: Dialect, plant: Plant): Dialect {
  const isReached = ({ body, url }: SentRequest) => /"[a-z]+":(null|"")[,}]/.test(body.toString('latin1') + url)
  return {
    ...dialect,
    read: (request) => (isReached(request) ? wrong(plant, dialect, request) : dialect.read(request)),
  }
}

function wrong(plant: Plant, dialect: Dialect, request: SentRequest): Reading {
  switch (plant) {
    case 'crash':
      return (undefined as unknown as Reading[])[0] as Reading
    case 'slow':
    case 'hang':
      spin(plant === 'slow' ? slowMs : Number.POSITIVE_INFINITY)
      return dialect.read(request)
    case 'unreadable-record':
      return { ...dialect.read(request), records: [unreadable(request)] }
    case 'server-error':
      return { ...dialect.read(request), answer: () => ({ status: 500, contentType: undefined, body: '' }) }
  }
}

/** As of a dialect that writes an identifier into the text without escaping it. */
function unreadable({ sender }: SentRequest): RecordText {
  const record = new RecordText(recordHead(sender), { kind: 'device', id: 'd' }, false)
  record.add('"a"b"', sender.receivedAt, '"services"', '{}')
  return record
}

function spin(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}
