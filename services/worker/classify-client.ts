/**
 * classify client: a user agent becomes browser family, operating system family and device type, each from a closed
 * list (shared/client-values.ts); everything else is `(other)`, an empty user agent `(none)`.
 */
import Bowser from 'bowser'
import { LRUCache } from 'lru-cache'
import { browsers, deviceTypes, systems } from '../../shared/client-values.ts'
import { noValue, otherValue } from '../../shared/event.ts'
import type { ClientClass, Observation } from './observation.ts'

/** Names that Bowser uses for families that count as one of ours. */
const browserFamilies: Record<string, string> = {
  Chromium: 'Chrome',
  'Microsoft Edge': 'Edge',
  'Opera Touch': 'Opera',
  'Samsung Internet for Android': 'Samsung Internet',
}
const systemFamilies: Record<string, string> = { iPadOS: 'iOS' }
const userAgentCharactersMax = 1024
const cache = new LRUCache<string, ClientClass>({ max: 5000 })
const nobody: ClientClass = { browser: noValue, os: noValue, deviceType: noValue }

/** The closed-list class of a user agent. Never throws: what cannot be parsed is `(other)`. */
export function classifyClient(userAgent: string): ClientClass {
  if (userAgent === '') return nobody
  let found = cache.get(userAgent)
  if (!found) {
    found = parse(userAgent.slice(0, userAgentCharactersMax))
    cache.set(userAgent, found)
  }
  return found
}

/** Pipeline step: fills the sender's class, once per record. */
export function classify(seen: Observation): Observation {
  seen.sender.client ??= classifyClient(seen.sender.userAgent)
  return seen
}

function parse(userAgent: string): ClientClass {
  try {
    const { browser, os, platform } = Bowser.parse(userAgent)
    return {
      browser: family(browser.name, browserFamilies, browsers),
      os: family(os.name, systemFamilies, systems),
      // Bowser leaves a Chromebook's open.
      deviceType: family(platform.type ?? (os.name === 'Chrome OS' ? 'desktop' : undefined), {}, deviceTypes),
    }
  } catch {
    return { browser: otherValue, os: otherValue, deviceType: otherValue }
  }
}

function family(name: string | undefined, families: Record<string, string>, closed: readonly string[]): string {
  const mapped =
    name === undefined ? otherValue : ((Object.hasOwn(families, name) ? families[name] : name) ?? otherValue)
  return closed.includes(mapped) ? mapped : otherValue
}
