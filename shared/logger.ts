/**
 * The logger: pino, JSON lines, readable on a terminal. Nothing that identifies a sender is ever given to it; what
 * could slip in by accident (requests, errors from parsers that quote their input, whatever looks confidential) is cut here.
 */
import pino from 'pino'
import { type OwnPlaces, ownNames, withoutConfidential } from './confidential/log-line.ts'
import type { Config } from './config.ts'

export type Logger = pino.Logger

/**
 * @param config of a process all settings, so that the places they name may stand in lines
 * @param destination where the lines go instead of standard output; for tests
 */
export function createLogger(
  config: Pick<Config, 'logLevel'> & OwnPlaces,
  destination?: pino.DestinationStream,
): Logger {
  const own = ownNames(config)
  const options: pino.LoggerOptions = {
    level: config.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // A request or response object would carry addresses, cookies and keys: no serializer, so none is ever printed.
    serializers: { req: () => undefined, res: () => undefined, err: describeError },
    hooks: { streamWrite: (line) => withoutConfidential(line, own) },
  }
  if (destination) return pino(options, destination)
  if (!process.stdout.isTTY) return pino(options)
  return pino({
    ...options,
    transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss' } },
  })
}

/**
 * What is logged as `err`: type, code and our own stack frames. JSON and URL parsers put the sender's text into their
 * messages, so those go.
 */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error }
  const quotesInput = error instanceof SyntaxError || error instanceof URIError
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '))
  return {
    type: error.name,
    code: (error as { code?: unknown }).code,
    message: quotesInput ? '(quotes its input)' : error.message,
    stack: frames.slice(0, 8).join('\n'),
  }
}
