/**
 * OpenTelemetry logs over HTTP (OTLP 1.7.0, https://opentelemetry.io/docs/specs/otlp/): `POST /v1/logs`, JSON and
 * protobuf. A record with an event name is an event; what has none is a log line, which is rejected and said so.
 */
import { hash } from 'node:crypto'
import { basicUser, bearerToken } from '../../../shared/http/authorization.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import { type Dialect, posts, type SentRequest } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { wrongSenderKey } from './foreign-body.ts'
import { ForeignEvents, ForeignReading } from './foreign-events.ts'
import { type Encoding, encodingOf, exportAnswer, statusAnswer } from './otlp-answer.ts'
import { recordsInJson } from './otlp-json.ts'
import { recordsInProtobuf } from './otlp-protobuf.ts'
import { logEvent, type ReadLimits, readNames, type SentLogRecord } from './otlp-record.ts'
import { WireError } from './otlp-wire.ts'

export function otlpDialect(options: DialectOptions): Dialect {
  const { isSenderKey, limits, eventsMax } = options
  const events = new ForeignEvents(options)
  const read: ReadLimits = { names: readNames(events.fields), recordsMax: eventsMax }
  return {
    name: 'otlp',
    routes: posts('/v1/logs'),
    limits,
    declined: ({ headers }) => exportAnswer(encodingOf(headers['content-type']) ?? 'json', []),
    authorize({ headers: { authorization } }) {
      const key = bearerToken(authorization) ?? basicUser(authorization)
      if (key !== undefined && isSenderKey(key)) return 'granted'
      throw wrongSenderKey('as `Authorization: Bearer <key>`, or as the user of Basic authorization')
    },
    read(request) {
      const encoding = encodingOf(request.headers['content-type'])
      if (encoding === undefined) throw unknownEncoding()
      const records = recordsOf(request, encoding, read)
      const reading = new ForeignReading(events, request)
      // Whoever is not sure that a request arrived sends the same one again: OTLP, "All Other Responses". The record's
      // own bytes would not do, for two events of one millisecond may be equal in everything.
      const sent = hash('sha256', request.body, 'hex')
      const rejected = records.flatMap((record, index) => {
        const context = { declared: events.fields, sender: request.sender, id: `${sent}:${index}` }
        const verdict = reading.take(logEvent(record, context))
        return verdict === undefined || verdict === 'declined' ? [] : [verdict]
      })
      return reading.done(exportAnswer(encoding, rejected))
    },
    refused: (one, { headers }) => statusAnswer(one, encodingOf(headers['content-type'])),
  }
}

function recordsOf({ body }: SentRequest, encoding: Encoding, limits: ReadLimits): SentLogRecord[] {
  if (encoding === 'json') return recordsInJson(body, limits)
  try {
    return recordsInProtobuf(body, limits)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new ProblemError(
      problem(
        400,
        'not-protobuf',
        'The body is not the protobuf message',
        `Send an ExportLogsServiceRequest of opentelemetry.proto.collector.logs.v1; found was ${error.message}.`,
      ),
    )
  }
}

function unknownEncoding(): ProblemError {
  return new ProblemError(
    problem(
      415,
      'content-type',
      'The content type is not known',
      'Send Content-Type application/x-protobuf or application/json.',
    ),
  )
}
