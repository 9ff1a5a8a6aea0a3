/**
 * The process that is killed: a host that tracks groups of events and says of each when it has been handed over. With
 * `--last` it tracks nothing, and ends once the collector has answered all that was left.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { systemParts } from '../../shared/sender/parts.ts'
import { openConnection } from '../../shared/sender/post.ts'
import { createSender } from '../../shared/sender/sender.ts'
import { groupEvents, type Told } from './node-sender-groups.ts'

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: '' },
    key: { type: 'string', default: '' },
    spool: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    groups: { type: 'string', default: '0' },
    mutation: { type: 'string' },
    last: { type: 'boolean', default: false },
  },
})
const pauseMsMax = 30
const settleMsMax = 60_000

const tell = (told: Told) => process.stdout.write(`${JSON.stringify(told)}\n`)

const connection = openConnection(new URL('v1/events', `${values.url}/`), 5_000)
/** The control: each sending is of new events. */
const newIds = (body: string) => body.replace(/"id":"[^"]+"/g, () => `"id":"${systemParts.newId()}"`)

const sender = createSender(
  {
    url: values.url,
    writeKey: values.key,
    spoolDir: values.spool,
    environment: {},
    syncMs: 20,
    batchMs: 50,
    batchEventsMax: 80,
    onWarning: (message) => tell({ warned: message }),
  },
  {
    ...systemParts,
    // Lives are short: pauses of a twentieth of what they are.
    random: () => Math.random() / 20,
    ...(values.mutation === 'new-ids' && {
      post: (request, signal) => connection.post({ ...request, body: newIds(request.body) }, signal),
    }),
  },
)
tell({ up: true })

if (values.last) {
  const until = performance.now() + settleMsMax
  let settled = await sender.flush()
  while (!settled && performance.now() < until) {
    await sleep(20)
    settled = await sender.flush()
  }
  await sender.close()
  tell({ settled })
} else {
  const from = Number(values.from)
  for (let group = from; group < from + Number(values.groups); group++) {
    for (const event of groupEvents(group, Number(values.seed))) sender.track(event)
    // The control: says so before it is.
    if (values.mutation === 'early-word' || (await sender.handedOver())) tell({ handed: group })
    await sleep(Math.random() * pauseMsMax)
  }
  // Sends on until it is killed.
  setInterval(() => undefined, 1_000)
}
