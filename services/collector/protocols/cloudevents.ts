/**
 * CloudEvents 1.0 over HTTP (https://github.com/cloudevents/spec): structured, binary and batched mode, told apart by
 * Content-Type; answered 202 once the events are durable. What is no CloudEvent is refused, a batch as a whole, as the
 * specification has it; what is one and cannot be counted is taken and left out, as its sender could do nothing about it.
 */
import { basicUser, bearerToken } from '../../../shared/http/authorization.ts'
import { ProblemError, problem } from '../../../shared/http/problem.ts'
import { cloudEvent, dataFrom, dataOf } from './cloudevents-event.ts'
import { wrongInCloudEvent } from './cloudevents-form.ts'
import { attributesIn } from './cloudevents-header.ts'
import { type Answer, type Dialect, posts, problemAnswer, type SentRequest } from './dialect.ts'
import type { DialectOptions } from './dialect-options.ts'
import { parseBody, requireAtMost, wrongForm, wrongSenderKey } from './foreign-body.ts'
import { ForeignEvents, ForeignReading } from './foreign-events.ts'
import type { Members } from './members.ts'

const accepted: Answer = { status: 202, contentType: undefined, body: '' }

export function cloudEventsDialect(options: DialectOptions): Dialect {
  const { isSenderKey, limits, eventsMax } = options
  const events = new ForeignEvents(options)
  return {
    name: 'cloudevents',
    routes: posts('/v1/cloudevents'),
    limits,
    declined: () => accepted,
    authorize({ headers: { authorization } }) {
      const key = bearerToken(authorization) ?? basicUser(authorization)
      if (key !== undefined && isSenderKey(key)) return 'granted'
      throw wrongSenderKey('as `Authorization: Bearer <key>`, or as the user of Basic authorization')
    },
    read(request) {
      const reading = new ForeignReading(events, request)
      for (const { event, data } of sentEvents(request, eventsMax))
        reading.take(cloudEvent(event, data, events.fields, request.sender))
      return reading.done(accepted)
    },
    refused: problemAnswer,
  }
}

interface Sent {
  readonly event: Members
  readonly data: Members
}

function sentEvents(request: SentRequest, eventsMax: number): Sent[] {
  switch (modeOf(request.headers['content-type'])) {
    case 'batch': {
      const list = parseBody(request.body)
      if (!Array.isArray(list)) throw wrongForm('a JSON array of CloudEvents')
      requireAtMost(eventsMax, list)
      return list.map((event, index) => structured(event, `Event ${index} of the batch: `))
    }
    case 'structured':
      return [structured(parseBody(request.body), '')]
    case 'binary':
      return [binary(request)]
    case 'other-format':
      throw new ProblemError(
        problem(
          415,
          'event-format',
          'The event format is not known',
          'Send the JSON format: application/cloudevents+json, or application/cloudevents-batch+json.',
        ),
      )
  }
}

type Mode = 'batch' | 'structured' | 'binary' | 'other-format'

function modeOf(contentType: string | undefined): Mode {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/cloudevents-batch+json') return 'batch'
  // Without a suffix: the format is JSON's, which every receiver must know.
  if (type === 'application/cloudevents+json' || type === 'application/cloudevents') return 'structured'
  return type.startsWith('application/cloudevents') ? 'other-format' : 'binary'
}

function structured(event: unknown, where: string): Sent {
  const wrong = wrongInCloudEvent(event)
  if (wrong !== undefined) throw notACloudEvent(where + wrong)
  return { event: event as Members, data: dataOf(event as Members) }
}

function binary({ headers, body }: SentRequest): Sent {
  if (!Object.keys(headers).some((name) => name.startsWith('ce-')))
    throw wrongForm(
      'a CloudEvent: Content-Type application/cloudevents+json or application/cloudevents-batch+json, or headers ce-id, ce-source, ce-type and ce-specversion',
    )
  const event = attributesIn(headers)
  if (!event) throw notACloudEvent('A header is percent-encoded, and its bytes are not UTF-8.')
  const wrong = wrongInCloudEvent(event)
  if (wrong !== undefined) throw notACloudEvent(`Header ce-…: ${wrong}`)
  return { event, data: dataFrom(body, headers['content-type']) }
}

function notACloudEvent(detail: string): ProblemError {
  return new ProblemError(
    problem(
      400,
      'not-a-cloudevent',
      'That is no CloudEvent of version 1.0',
      `${detail} None of the request was taken.`,
    ),
  )
}
