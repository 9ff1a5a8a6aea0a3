#!/usr/bin/env node
/**
 * `headcount-sender`: sends the events that it reads, one JSON object a line; with `--show` prints what it would send,
 * also what waits in the spool of a program that runs, and sends nothing.
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { eventsUrl, userAgentOf } from './checked-options.ts'
import type { SenderOptions, TrackedEvent } from './options.ts'
import { requestOf } from './post.ts'
import { readLines } from './segment.ts'
import { createSender, type Sender } from './sender.ts'
import { requestText } from './show.ts'
import { segmentsIn } from './spool-folder.ts'

const usage = `headcount-sender --url URL [--spool DIR] [--show] < events.ndjson

Sends events to Headcount, one JSON object a line, for example {"feature":"services","device":"d-1"}.

  --url URL     the collector, for example http://127.0.0.1:8080
  --spool DIR   keeps on disk what cannot be sent now; the next run sends it
  --show        prints what would be sent, also what waits in the spool, and sends nothing

The write key is read from HEADCOUNT_WRITE_KEY. HEADCOUNT_TELEMETRY=off and DO_NOT_TRACK=1 turn it off.
`
const sendMsMax = 30_000
/** Events between two looks whether what was read is safe: memory stays bounded however long the input is. */
const readAhead = 500

const print = (text: string) => void process.stdout.write(text)
const say = (text: string) => void process.stderr.write(`${text}\n`)

/** @throws Error that says what is wrong with the arguments, or with the folder */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      spool: { type: 'string' },
      show: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    print(usage)
    return 0
  }
  if (values.url === undefined) throw new Error('`--url` is missing: the address of the collector')
  const url = eventsUrl(values.url)
  if (values.show && values.spool !== undefined) await showSpool(values.spool, url.href)
  const writeKey = process.env.HEADCOUNT_WRITE_KEY ?? ''
  if (writeKey === '' && !values.show) throw new Error('HEADCOUNT_WRITE_KEY is missing: the write key of the collector')
  const options: SenderOptions = {
    url: values.url,
    // What is shown has no key in it.
    writeKey: writeKey === '' ? 'none' : writeKey,
    spoolDir: values.spool,
    ...(values.show && { show: print }),
    onWarning: say,
  }
  const sender = createSender(options)
  const bad = process.stdin.isTTY ? 0 : await readEvents(sender)
  const isAll = await sender.close(sendMsMax)
  if (!values.show) summarise(sender, isAll, values.spool)
  const { rejected, dropped } = sender.stats
  return bad + rejected + Object.values(dropped).reduce((sum, events) => sum + events, 0) > 0 ? 1 : 0
}

/** How many lines were no events. */
async function readEvents(sender: Sender): Promise<number> {
  let [number, bad] = [0, 0]
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (line.trim() === '') continue
    const event = eventOf(line)
    if (event) sender.track(event)
    else {
      bad++
      say(`line ${number} is no JSON object; it is left out`)
    }
    if (number % readAhead === 0) await sender.handedOver(sendMsMax)
  }
  return bad
}

function eventOf(line: string): TrackedEvent | undefined {
  try {
    const event: unknown = JSON.parse(line)
    return typeof event === 'object' && event !== null && !Array.isArray(event) ? (event as TrackedEvent) : undefined
  } catch {
    return undefined
  }
}

/** A file is a request, unless the collector asks for smaller ones. */
async function showSpool(dir: string, url: string): Promise<void> {
  for (const segment of await segmentsIn(dir)) {
    const { lines } = await readLines(segment)
    if (lines.length > 0) print(requestText(requestOf(url, '', userAgentOf(undefined), `${lines.join('\n')}\n`)))
  }
}

function summarise({ stats }: Sender, isAll: boolean, spool: string | undefined): void {
  const waiting = !isAll && spool !== undefined && stats.spoolBytes > 0
  say(
    `${stats.accepted} accepted, ${stats.rejected} rejected` +
      (waiting ? `; ${stats.spoolBytes} bytes of events wait in ${spool}: run it again` : ''),
  )
}

main().then(
  (code) => {
    process.exitCode = code
  },
  (error: Error) => {
    say(`${error.message}\n\n${usage}`)
    process.exitCode = 2
  },
)
