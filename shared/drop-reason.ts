/**
 * Every way in which an event can end without being counted. Intended drops keep a promise or a rule; unintended
 * ones are losses somebody should look into, and leave a quarantine entry (reason and shape, never a value).
 */
export const dropReasons = {
  duplicate: { intended: true, means: 'the same event id (or natural key) of the same unit was counted before' },
  late: { intended: true, means: 'older than 24 h when it was appended, or its epoch has closed' },
  bot: { intended: true, means: 'a crawler by its user agent, on a browser route' },
  'opted-out': { intended: true, means: 'its sender has chosen not to be counted' },
  deleted: { intended: true, means: "received before its sender's deletion, or before the opt-in after an opt-out" },
  undecodable: { intended: false, means: 'the log record could not be read' },
  'invalid-event': { intended: false, means: 'the event does not have the declared shape' },
} as const satisfies Record<string, { intended: boolean; means: string }>

export type DropReason = keyof typeof dropReasons

/** What a pipeline step returns instead of the event. */
export class Drop {
  readonly reason: DropReason
  /** The shape of what was dropped, for quarantine: declared field names and types, no value. */
  readonly shape: string | undefined
  constructor(reason: DropReason, shape?: string) {
    this.reason = reason
    this.shape = shape
  }
}

/**
 * Why the collector refused an event or did not take it, told to the sender by index.
 */
export const rejectReasons = {
  'not-json': 'each line must be one JSON text (RFC 8259)',
  'too-deep': 'an event may nest at most 30 arrays and objects; send flat objects',
  'not-an-object': 'each event must be a JSON object',
  'id-missing': '`id` is required: a string that is the same when the event is sent again',
  'id-invalid': '`id` must be a string of 1 to 256 characters without control characters',
  'time-missing': '`time` is required: RFC 3339, for example 2026-11-23T10:15:00Z',
  'time-invalid': '`time` must be an RFC 3339 string, for example 2026-11-23T10:15:00Z',
  'feature-missing': '`feature` is required: a feature of GET /v1/catalogue',
  'feature-invalid': '`feature` must be a string of 1 to 256 characters',
  'identifier-invalid':
    '`device`, `cookie` and `cluster` must be strings of 1 to 256 characters without control characters',
  'cluster-missing': 'this feature counts clusters: `cluster` is required',
  'field-invalid': 'a declared field must be a string of at most 256 characters, a number or a boolean',
  'measure-invalid': 'a measure must be a finite number',
  child: 'events of somebody under 13 are not taken; what was held under its identifier is being deleted',
  'policy-too-old':
    '`policy` names a version of the policy that is too old, or none: GET /v1/policy has the one to agree to now, and the minimum',
  'event-too-large': 'one event may take at most 32 KiB',
} as const

export type RejectReason = keyof typeof rejectReasons
