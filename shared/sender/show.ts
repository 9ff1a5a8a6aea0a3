/** Prints each request as it would be sent, but for the key, and before it is compressed; nothing leaves the machine. */
import type { Post, PostRequest } from './post.ts'
import { guarded } from './warn-once.ts'

export function showingPost(print: (text: string) => void): Post {
  return async (request) => {
    guarded(print, requestText(request))
    const events = request.body.split('\n').length - 1
    return { status: 200, retryAfter: undefined, text: JSON.stringify({ accepted: events, rejected: [] }) }
  }
}

export function requestText({ method, url, headers, body }: PostRequest): string {
  const shown = { ...headers, authorization: 'Bearer <write key>' }
  const lines = Object.entries(shown).map(([name, value]) => `${name}: ${value}\n`)
  return `${method} ${url}\n${lines.join('')}\n${body}\n`
}
