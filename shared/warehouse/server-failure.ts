/**
 * What a failed request means: refused (the server said no), or unavailable (nobody knows). Nothing of the server's own
 * text is passed on, since it quotes rows and parameters.
 */
import { ClickHouseError } from '@clickhouse/client'
import { ConfigError } from '../config.ts'
import { WarehouseError, WarehouseUnavailableError } from './port.ts'
import type { ServerAddress } from './server-address.ts'

/** Codes by which ClickHouse says that it cannot serve now; what was asked may yet have been done, or half of it. */
const passing = new Set([
  3, // UNEXPECTED_END_OF_FILE: the body was cut off on its way
  159, // TIMEOUT_EXCEEDED
  160, // TOO_SLOW
  242, // TABLE_IS_READ_ONLY: a replica without its Keeper
  198, // DNS_ERROR
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  225, // NO_ZOOKEEPER
  236, // ABORTED: shutting down
  241, // MEMORY_LIMIT_EXCEEDED
  243, // NOT_ENOUGH_SPACE
  252, // TOO_MANY_PARTS
  254, // NO_ACTIVE_REPLICAS
  279, // ALL_CONNECTION_TRIES_FAILED
  285, // TOO_FEW_LIVE_REPLICAS
  286, // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  289, // REPLICA_IS_NOT_IN_QUORUM
  319, // UNKNOWN_STATUS_OF_INSERT
  341, // UNFINISHED
  394, // QUERY_WAS_CANCELLED
  439, // CANNOT_SCHEDULE_TASK
  473, // DEADLOCK_AVOIDED
  999, // KEEPER_EXCEPTION
])

/** Codes that are mended in the settings: user, password. */
const credentials = new Set([192, 193, 194, 516])

const accessDenied = 497

const tlsCode = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/

/**
 * @param what such as 'an insert'
 * @returns a WarehouseError, a WarehouseUnavailableError, or, for what only another setting can mend, a ConfigError
 */
export function failureOf(error: unknown, what: string, address: ServerAddress): Error {
  const { origin, variable } = address
  if (error instanceof ClickHouseError) return refusalOf(Number(error.code), error.type ?? 'UNKNOWN', what, address)
  const code = codeOf(error)
  if (tlsCode.test(code))
    return new ConfigError(
      `${variable}: no trusted TLS connection to ${origin} (${code}); give the certificate of the authority that signed the server's with ?ca=file, or http:// if the server has no TLS on this port`,
    )
  return new WarehouseUnavailableError(`ClickHouse at ${origin} did not answer ${what}: ${reasonOf(error)}`)
}

function refusalOf(code: number, label: string, what: string, { origin, user, variable }: ServerAddress): Error {
  if (passing.has(code))
    return new WarehouseUnavailableError(`ClickHouse at ${origin} cannot serve ${what} now: ${label} (${code})`)
  if (credentials.has(code))
    return new ConfigError(
      `${variable}: ClickHouse at ${origin} does not accept the user "${user}" with this password: ${label} (${code}); correct the user or the password in ${variable}`,
    )
  if (code === accessDenied)
    return new WarehouseError(what, code, `${label} to "${user}"; infra/clickhouse/users.sql grants what is needed`)
  return new WarehouseError(what, code, label)
}

/** A socket that the server had closed before the request was on it; a SELECT may be asked again. */
export function isStaleSocket(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ECONNRESET' || code === 'EPIPE'
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? '')
}

/** From a closed set of words: an answer that is not ClickHouse's, such as a proxy's page, is never shown. */
function reasonOf(error: unknown): string {
  const code = codeOf(error)
  if (/^[A-Z][A-Z0-9_]+$/.test(code)) return code
  const { name, message } = error as { name?: string; message?: string }
  if (name === 'TimeoutError' || name === 'AbortError') return 'not in time'
  if (message === 'Timeout error.' || message === 'The user aborted a request.') return 'not in time'
  if (message === 'socket hang up') return 'the connection was closed'
  return 'what came back is not an answer of ClickHouse'
}
