/** What is shown before the first event: how to send one. It goes by itself once there is something. */
import { useState } from 'preact/hooks'
import type { Model } from './model.ts'
import { Scroll } from './scroll.tsx'

export function Empty({ model }: { model: Model }) {
  const [said, say] = useState('')
  const collector = model.collector || '$COLLECTOR'
  const event = '{"events":[{"id":"hello-1","time":"\'$(date -u +%FT%TZ)\'","feature":"dashboard","device":"hello"}]}'
  const send = `curl ${collector}/v1/events -H "Authorization: Bearer $WRITE_KEY" -H 'Content-Type: application/json' -d '${event}'`
  const demo = 'npm run headcount -- demo'
  const copy = (text: string) => navigator.clipboard.writeText(text).then(() => say('Copied'))
  return (
    <section class="panel wide empty">
      <h2>No event has been counted yet</h2>
      <p>
        Send one. <code>WRITE_KEY</code> is <code>writeKey</code> in <code>credentials.json</code> in the data folder.
        The live panel shows it within seconds, as “under {model.k}”: fewer devices are never told apart.
      </p>
      <Scroll label="A command that sends an event">
        <pre>{send}</pre>
      </Scroll>
      <p>
        <button type="button" class="first" onClick={() => copy(send)}>
          Copy
        </button>
      </p>
      <p>Or have a simulated DC/OS fleet send for a while:</p>
      <Scroll label="A command that sends a demo">
        <pre>{demo}</pre>
      </Scroll>
      <p>
        <button type="button" onClick={() => copy(demo)}>
          Copy the demo command
        </button>{' '}
        <span role="status">{said}</span>
      </p>
    </section>
  )
}
