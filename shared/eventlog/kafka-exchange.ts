/**
 * A request in our own encoding over a connection of kafkajs. Its own way copies the body four times; a batch of records
 * goes into the socket as it is.
 */
import type { Connection } from './kafka-internals.ts'
import { WireWriter } from './kafka-wire.ts'
import { LogUnavailableError } from './port.ts'

export const clientId = 'headcount'

/** A request and how to read its answer. */
export interface Exchange<T> {
  apiKey: number
  apiVersion: number
  apiName: string
  /** Everything behind the client's name in the request's head, in as many pieces as it has. */
  body: readonly Buffer[]
  /** Reads what follows the number of the request. */
  decode(payload: Buffer): T
}

/**
 * Sends a request and waits for its answer.
 * @param requestTimeoutMs undefined: the connection's own
 */
export async function send<T>(connection: Connection, exchange: Exchange<T>, requestTimeoutMs?: number): Promise<T> {
  await connection.authenticate()
  if (!connection.isConnected()) throw new LogUnavailableError('the connection to Kafka is closed')
  const { apiKey, apiVersion, apiName, body } = exchange
  const correlationId = connection.nextCorrelationId()
  const { payload } = await new Promise<{ payload: Buffer }>((resolve, reject) => {
    connection.requestQueue.push({
      entry: { apiKey, apiVersion, apiName, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: requestTimeoutMs,
      sendRequest: () => write(connection, headOf(exchange, correlationId), body),
    })
  })
  return exchange.decode(payload)
}

function headOf({ apiKey, apiVersion, body }: Exchange<unknown>, correlationId: number): Buffer {
  const head = new WireWriter().int16(apiKey).int16(apiVersion).int32(correlationId).string(clientId).finish()
  const length = body.reduce((sum, part) => sum + part.length, head.length)
  return Buffer.concat([new WireWriter().int32(length).finish(), head])
}

/** One system call for all pieces. */
function write({ socket }: Connection, head: Buffer, body: readonly Buffer[]): void {
  socket?.cork()
  socket?.write(head)
  for (const part of body) socket?.write(part)
  socket?.uncork()
}
