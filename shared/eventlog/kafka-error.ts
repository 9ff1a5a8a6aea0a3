/** What an error of Kafka or of the way to it means for the event log. */
import { createErrorFromCode } from './kafka-internals.ts'

/** The topic's id is not there any more, or is another's (KIP-516); kafkajs 2.2.4 does not know these. */
const topicIdCodes = new Map([
  [100, 'UNKNOWN_TOPIC_ID'],
  [103, 'INCONSISTENT_TOPIC_ID'],
])
/** Answers that mean: this process is no member of the group's current generation. */
const staleMemberTypes = ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID', 'REBALANCE_IN_PROGRESS']
/** Answers that no waiting mends. */
const hopelessTypes = [
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'INCONSISTENT_GROUP_PROTOCOL',
  'INVALID_SESSION_TIMEOUT',
  'INVALID_GROUP_ID',
  'UNSUPPORTED_VERSION',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
]

/** The broker answered, and this is its answer. */
export class KafkaAnswerError extends Error {
  override readonly name = 'KafkaAnswerError'
  readonly type: string
  readonly retriable: boolean
  constructor(code: number) {
    const { type, retriable } = createErrorFromCode(code)
    const named = topicIdCodes.get(code)
    super(`Kafka answered ${named ?? (type === 'KAFKAJS_UNKNOWN_ERROR_CODE' ? `error ${code}` : type)}`)
    this.type = named ?? type
    this.retriable = named === undefined && retriable
  }
}

/** Kafka's name of the error a broker answered with; undefined when the broker did not answer. */
export function answerType(error: unknown): string | undefined {
  const { type, name } = error as { type?: unknown; name?: unknown }
  if (typeof type === 'string') return type
  return name === 'KafkaJSSASLAuthenticationError' ? 'SASL_AUTHENTICATION_FAILED' : undefined
}

export function isStaleMember(error: unknown): boolean {
  return staleMemberTypes.includes(answerType(error) ?? '')
}

export function isHopeless(error: unknown): boolean {
  return hopelessTypes.includes(answerType(error) ?? '')
}

/** The broker has forgotten this member; with any other answer it must come back under the id it has. */
export function isUnknownMember(error: unknown): boolean {
  return ['UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'].includes(answerType(error) ?? '')
}

/** In a few words, without anything of a record or a password. */
export function inWords(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const type = answerType(error)
  if (type === 'SASL_AUTHENTICATION_FAILED') return 'Kafka refuses the user or the password'
  return type ?? (typeof code === 'string' ? code : String(message))
}
