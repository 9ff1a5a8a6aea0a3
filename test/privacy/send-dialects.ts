/**
 * Canaries in every place where libraries of other makers, pages and DC/OS' own nodes and UI put something about
 * somebody: traits, context, properties, headers, addresses, cookies, Snowplow's entities in base64. Each dialect has a
 * trait of its own, that none may take, and a device, that the worker needs: so it shows what a canary came through.
 */
import type { DialectSending } from './dialect-sending.ts'
import { sendBeacon, sendPixel } from './send-pages.ts'
import { sendPlausible, sendPosthog, sendSnowplow } from './send-products.ts'
import { sendDcos, sendRudderStack, sendSegmentBrowser } from './send-segment.ts'

/** Of each name the device and the trait are canaries: `posthog device`. */
export const otherDialects: Readonly<Record<string, (sending: DialectSending) => Promise<void>>> = {
  posthog: sendPosthog,
  plausible: sendPlausible,
  snowplow: sendSnowplow,
  rudderstack: sendRudderStack,
  'segment-browser': sendSegmentBrowser,
  beacon: sendBeacon,
  pixel: sendPixel,
  dcos: sendDcos,
}
