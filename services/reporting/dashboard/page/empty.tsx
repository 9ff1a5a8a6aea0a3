/** What is shown before the first event: how to send one. It goes by itself once there is something. */
import { useEffect, useState } from 'preact/hooks'
import type { UsageAnswer } from './api.ts'
import { askTogether } from './ask-together.ts'
import { DemoStarter } from './demo.tsx'
import type { Model } from './model.ts'
import { Scroll } from './scroll.tsx'

const everyMs = 2000

interface EmptyProps {
  readonly model: Model
  /** Its answer is without a row until something is counted. */
  readonly path: string
  readonly isDemo: boolean
  readonly setDemo: (runs: boolean) => void
  readonly onFilled: () => void
}

export function Empty({ model, path, isDemo, setDemo, onFilled }: EmptyProps) {
  const [said, say] = useState('')
  useEffect(() => {
    if (isDemo) return
    const timer = setInterval(() => {
      if (document.hidden) return
      askTogether<UsageAnswer>(path).then(
        ({ rows, suppressed }) => rows.length + suppressed > 0 && onFilled(),
        () => undefined,
      )
    }, everyMs)
    return () => clearInterval(timer)
  }, [path, isDemo])
  const collector = model.collector || '$COLLECTOR'
  const event = '{"events":[{"id":"hello-1","time":"\'$(date -u +%FT%TZ)\'","feature":"dashboard","device":"hello"}]}'
  const send = `curl ${collector}/v1/events -H "Authorization: Bearer $WRITE_KEY" -H 'Content-Type: application/json' -d '${event}'`
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
        </button>{' '}
        <span role="status">{said}</span>
      </p>
      <DemoStarter model={model} onBegun={() => setDemo(true)} onEnd={onFilled} />
    </section>
  )
}
