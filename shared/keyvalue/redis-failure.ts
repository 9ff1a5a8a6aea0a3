/** What a failed command means to the caller. The client's own errors carry the arguments, secrets and passwords too. */
import { KeyValueUnavailableError } from './port.ts'

/** Replies of a server that is there but cannot do it now. */
const passing =
  /^(LOADING|BUSY|READONLY|MASTERDOWN|MISCONF|OOM|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|UNBLOCKED|NOAUTH|WRONGPASS|NOPERM)\b/

/** An error of the store's own for one of the client's, with nothing of the command but what the server said. */
export function redisFailure(error: unknown, shown: string): Error {
  const { name, message } = error as Error
  const said = withoutArguments(message)
  if (name === 'ReplyError' && !passing.test(said)) return new Error(`Redis at ${shown} refused a command: ${said}`)
  if (name === 'MaxRetriesPerRequestError' || name === 'AbortError')
    return new KeyValueUnavailableError(`the connection to Redis at ${shown} was lost before it answered`)
  return new KeyValueUnavailableError(`Redis at ${shown}: ${said}`)
}

/** An unknown command is answered with the beginning of its arguments. */
export function withoutArguments(message: string): string {
  return message.replace(/, with args beginning with:.*/s, '')
}

/** True when waiting does not help: the server does not let this user in. */
export function isDenied(message: string): boolean {
  return /^(NOAUTH|WRONGPASS|NOPERM)\b|invalid password|without any password configured/i.test(message)
}

/** The connection had ended before the client noticed: to send it on the next one is not to send it twice. */
export function wasNeverSent(error: unknown): boolean {
  return (error as Error).message.startsWith("Stream isn't writeable")
}
