/** The button that has a simulated fleet send, how far it is, and afterwards the notice that it was here. */
import { useEffect, useState } from 'preact/hooks'
import type { DemoStatus } from '../page-answers.ts'
import { type ApiError, ask } from './api.ts'
import type { Model } from './model.ts'
import { Notice } from './notice.tsx'
import { formatTime, formatWhole } from './numbers.ts'
import { Scroll } from './scroll.tsx'

const everyMs = 1000

interface DemoStarterProps {
  readonly model: Model
  readonly onBegun: () => void
  /** Called when all of it is counted. */
  readonly onEnd: () => void
}

export function DemoStarter({ model, onBegun, onEnd }: DemoStarterProps) {
  const [status, setStatus] = useState<DemoStatus>()
  const [error, setError] = useState<ApiError>()
  const [isHere, setHere] = useState(model.role === 'admin')
  const isRunning = status?.state === 'running'
  useEffect(() => {
    if (isHere) ask<DemoStatus>('/api/v1/demo').then(setStatus, () => setHere(false))
  }, [isHere])
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(() => {
      ask<DemoStatus>('/api/v1/demo').then((next) => {
        setStatus(next)
        setError(undefined)
        if (next.state !== 'running') onEnd()
      }, setError)
    }, everyMs)
    return () => clearInterval(timer)
  }, [isRunning])
  if (!isHere) return <DemoCommand isAdmin={model.role === 'admin'} />
  if (!status) return null
  const start = () =>
    ask<DemoStatus>('/api/v1/demo', { method: 'POST' }).then((begun) => {
      setStatus(begun)
      setError(undefined)
      onBegun()
    }, setError)
  return (
    <>
      <p>
        Or have a simulated DC/OS fleet send for {status.totalSeconds} seconds. <strong>Its counts stay</strong> and
        cannot be told from real ones: to begin anew, stop Headcount and remove its data folder.
      </p>
      {status.state === 'none' && (
        <p>
          <button type="button" onClick={start}>
            Start the demo
          </button>
        </p>
      )}
      {isRunning && (
        <p>
          <progress aria-label="The demo" max={status.totalSeconds} value={status.elapsedSeconds} />{' '}
          <span>{formatWhole(status.accepted)} events accepted</span>
        </p>
      )}
      <p role="status">{isRunning ? 'The demo runs.' : (status.verdict ?? '')}</p>
      {status.verdict !== undefined && (
        <p>
          <a href="/?period=day">Look at the day</a>
        </p>
      )}
      <Notice error={error} />
    </>
  )
}

/** Where the page cannot start it. */
function DemoCommand({ isAdmin }: { isAdmin: boolean }) {
  return (
    <>
      <p>
        Or have a simulated DC/OS fleet send for a while
        {!isAdmin && (
          <>
            {' '}
            (an admin, signed in by <code>npm run headcount -- sign-in --admin</code>, can start it here)
          </>
        )}
        :
      </p>
      <Scroll label="A command that sends a demo">
        <pre>npm run headcount -- demo</pre>
      </Scroll>
    </>
  )
}

/** Above everything, for everybody, for good. */
export function DemoNotice({ begun }: { begun: string }) {
  const [day = ''] = begun.split('T')
  return (
    <p class="panel wide demo" role="note">
      <strong>Demo data.</strong> A simulated fleet sent events on {day} from {formatTime(Date.parse(begun))} on; they
      are counted below, and in releases of that day.
    </p>
  )
}
