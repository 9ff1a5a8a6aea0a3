/**
 * OTLP's answers, in the encoding of the request: ExportLogsServiceResponse, and google.rpc.Status for what went wrong.
 */
import { type RejectReason, rejectReasons } from '../../../shared/drop-reason.ts'
import type { Problem } from '../../../shared/http/problem.ts'
import type { Answer } from './dialect.ts'
import { wireField } from './otlp-wire.ts'

export type Encoding = 'json' | 'protobuf'

const contentTypes = { json: 'application/json', protobuf: 'application/x-protobuf' } as const satisfies Record<
  Encoding,
  string
>
const badRequestType = 'type.googleapis.com/google.rpc.BadRequest'
/** The only field of the request, of which what is said of a bad one is said. */
const requestField = 'resource_logs'

/** What a record must have that was rejected, in OTLP's words. */
const meanings: Partial<Record<RejectReason, string>> = {
  'feature-missing': 'a log record without event name (or attribute event.name) is no event',
  'identifier-invalid': 'a device or cluster must be a string of 1 to 256 characters without control characters',
  'cluster-missing': 'this event counts clusters: attribute cluster, cluster.id or k8s.cluster.uid is required',
  child: 'events of somebody under 13 are not taken; what was held under its identifier is being deleted',
  'policy-too-old': 'attribute policy names a version that is too old, or none: GET /v1/policy has the one to agree to',
}

/** Undefined when the media type is none of the two. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  if (type === contentTypes.json) return 'json'
  return type === contentTypes.protobuf ? 'protobuf' : undefined
}

/** @param rejected one entry for each; empty: full success, which has no `partialSuccess` at all */
export function exportAnswer(encoding: Encoding, rejected: readonly RejectReason[]): Answer {
  const contentType = contentTypes[encoding]
  if (rejected.length === 0) return { status: 200, contentType, body: Buffer.from(encoding === 'json' ? '{}' : '') }
  const errorMessage = messageOf(rejected)
  const body =
    encoding === 'json'
      ? Buffer.from(JSON.stringify({ partialSuccess: { rejectedLogRecords: String(rejected.length), errorMessage } }))
      : wireField(1, Buffer.concat([wireField(1, rejected.length), wireField(2, errorMessage)]))
  return { status: 200, contentType, body }
}

/** Not the records themselves: how many of them, and why. */
function messageOf(rejected: readonly RejectReason[]): string {
  const counts = new Map<RejectReason, number>()
  for (const reason of rejected) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  return [...counts]
    .map(([reason, count]) => `${reason} (${count}): ${meanings[reason] ?? rejectReasons[reason]}`)
    .join('; ')
}

/** A media type that is not known is answered in JSON, which a person can read. */
export function statusAnswer({ status, title, detail }: Problem, encoding: Encoding = 'json'): Answer {
  const message = `${title}. ${detail}`
  const contentType = contentTypes[encoding]
  const isBad = status === 400
  if (encoding === 'json') {
    const violations = [{ field: requestField, description: detail }]
    const details = isBad ? { details: [{ '@type': badRequestType, fieldViolations: violations }] } : {}
    return { status, contentType, body: Buffer.from(JSON.stringify({ code: codeOf(status), message, ...details })) }
  }
  const violation = Buffer.concat([wireField(1, requestField), wireField(2, detail)])
  const badRequest = Buffer.concat([wireField(1, badRequestType), wireField(2, wireField(1, violation))])
  const fields = [wireField(1, codeOf(status)), wireField(2, message), ...(isBad ? [wireField(3, badRequest)] : [])]
  return { status, contentType, body: Buffer.concat(fields) }
}

/** google.rpc.Code; OTLP itself goes by the HTTP status. */
function codeOf(status: number): number {
  switch (status) {
    case 401:
      return 16 // UNAUTHENTICATED
    case 413:
    case 429:
      return 8 // RESOURCE_EXHAUSTED
    case 503:
      return 14 // UNAVAILABLE
    default:
      return 3 // INVALID_ARGUMENT
  }
}
