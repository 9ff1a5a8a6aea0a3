/** Canaries in what pages send by beacon and by pixel. */
import { type DialectSending, everything, type Headers, keyInBody } from './dialect-sending.ts'

export async function sendBeacon({ send, value, writeKey }: DialectSending): Promise<void> {
  const [device, trait] = [value('beacon device'), value('beacon trait')]
  const page = { ...everything(value, trait), url: value('page url'), referrer: value('referer'), title: trait }
  const item = (id: string, more: object) => ({ ...page, id: `${value('event id')}-beacon-${id}`, device, ...more })
  const events = [
    ...[item('1', { feature: 'jobs' }), item('2', { path: value('path') }), item('3', { feature: trait })],
    item('4', { feature: 'jobs', version: { trait }, agents: trait }),
  ]
  const headers = { ...keyInBody, 'content-type': 'text/plain', 'user-agent': value('browser user agent') }
  await send('/v1/beacon', { key: writeKey, events, trait }, headers)
  await send('/v1/beacon', { key: trait, events }, headers)
}

export async function sendPixel({ send, value, writeKey }: DialectSending): Promise<void> {
  const [device, trait] = [value('pixel device'), value('pixel trait')]
  // A query has texts; the path would say what the pixel stands in.
  const { user, password, path, ...texts } = everything(value, trait) as Headers
  const headers = { ...keyInBody, 'user-agent': value('browser user agent') }
  const about: Headers[] = [{ feature: 'jobs', path: path ?? '' }, { feature: trait }, { path: `/jobs/${trait}` }, {}]
  for (const [at, one] of about.entries()) {
    const id = `${value('event id')}-pixel-${at}`
    const query = new URLSearchParams({ ...texts, key: writeKey, id, device, title: trait, ...one })
    await send(`/v1/pixel.gif?${query}`, undefined, headers)
  }
  await send(`/v1/pixel.gif?key=${trait}`, undefined, headers)
}
