/** The page: asks who it is and what there is, keeps the view in the address, and puts the panels in order. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import { Adoption } from './adoption.tsx'
import { type ApiError, ask, signedOut, type UsageAnswer } from './api.ts'
import { forget } from './ask-once.ts'
import type { Note } from './chart-plugins.ts'
import type { PanelContext } from './context.ts'
import { Controls, Filters } from './controls.tsx'
import { DemoNotice } from './demo.tsx'
import { Empty } from './empty.tsx'
import { KeysDialog, useKeys } from './keys.tsx'
import { Live } from './live.tsx'
import { Measures } from './measures.tsx'
import { type Dataset, isGrowing, type Model, mainDataset } from './model.ts'
import { Movers } from './movers.tsx'
import { NotesDialog } from './notes-dialog.tsx'
import { Notice } from './notice.tsx'
import { Overview } from './overview.tsx'
import { dayMs, dayOf, moved, startOf } from './periods.ts'
import { Quality } from './quality.tsx'
import { Releases } from './releases.tsx'
import { ShareDialog } from './share-dialog.tsx'
import { SignIn } from './sign-in.tsx'
import { nextTheme, themeTitle } from './theme.ts'
import { Uniques } from './uniques.tsx'
import { question } from './usage-query.ts'
import { useAnswer } from './use-answer.ts'
import { ValueList } from './value-list.tsx'
import { type Compare, defaultState, readState, type ViewState, writeState } from './view-state.ts'

const againMs = 60_000
const comparisons: readonly Compare[] = ['none', 'previous', 'year']

export function App({ refused }: { refused: ApiError | undefined }) {
  const [model, setModel] = useState<Model>()
  const [error, setError] = useState<ApiError>()
  const [isNobody, setNobody] = useState(false)
  const load = () => {
    forget()
    setError(undefined)
    setNobody(false)
    whoAsks()
      .then((role) => (role === 'nobody' ? setNobody(true) : ask<Model>('/api/v1/dashboard').then(setModel)))
      .catch(setError)
  }
  useEffect(load, [])
  useEffect(() => {
    const toForm = () => {
      setModel(undefined)
      setNobody(true)
    }
    addEventListener(signedOut, toForm)
    return () => removeEventListener(signedOut, toForm)
  }, [])
  if (model) return <Dashboard model={model} onSignedOut={() => location.assign('/')} />
  if (isNobody) return <SignIn error={refused} onSignedIn={load} />
  if (!error) return <main class="sign-in" aria-busy="true" />
  return (
    <main class="sign-in">
      <h1>Headcount</h1>
      <Notice error={error} />
      <button type="button" class="first" onClick={load}>
        Try again
      </button>
    </main>
  )
}

async function whoAsks(): Promise<string> {
  return (await ask<{ role: string }>('/api/v1/session')).role
}

function Dashboard({ model, onSignedOut }: { model: Model; onSignedOut: () => void }) {
  const isGuest = model.role === 'guest'
  const [state, setState] = useState<ViewState>(() => readState(model.view?.query ?? location.search))
  const [skew] = useState(() => Date.parse(model.now) - Date.now())
  const [now, setNow] = useState(() => Date.parse(model.now))
  const [turn, setTurn] = useState(0)
  const [dialog, setDialog] = useState<'share' | 'notes' | 'keys'>()
  const [theme, setTheme] = useState(themeTitle)

  const change = (next: ViewState) => {
    setState(next)
    if (isGuest) return
    const search = writeState(next)
    history.pushState(null, '', search === '' ? location.pathname : `?${search}`)
  }
  useEffect(() => {
    const back = () => setState(readState(location.search))
    if (!isGuest) addEventListener('popstate', back)
    const timer = setInterval(() => {
      if (document.hidden) return
      setNow(Date.now() + skew)
      setTurn((last) => last + 1)
    }, againMs)
    return () => {
      removeEventListener('popstate', back)
      clearInterval(timer)
    }
  }, [isGuest, skew])

  const notes = useAnswer<{ annotations: Note[] }>('/api/v1/annotations', turn).value?.annotations ?? noNotes
  const context: PanelContext = useMemo(() => ({ model, state, now, turn, change }), [model, state, now, turn])
  const toPeriod = (period: ViewState['period']) => () => change({ ...state, period, grain: undefined })
  useKeys(
    isGuest
      ? { '?': () => setDialog('keys') }
      : {
          d: toPeriod('day'),
          w: toPeriod('week'),
          m: toPeriod('month'),
          y: toPeriod('year'),
          t: () => change({ ...defaultState, filters: state.filters, compare: state.compare }),
          c: () => change({ ...state, compare: comparisons[(comparisons.indexOf(state.compare) + 1) % 3] ?? 'none' }),
          ArrowLeft: () => change(moved(state, -1, now)),
          ArrowRight: () =>
            state.on !== undefined || state.period === 'custom' ? change(moved(state, 1, now)) : undefined,
          s: () => setDialog('share'),
          n: () => setDialog('notes'),
          '?': () => setDialog('keys'),
          Escape: () => state.filters.length > 0 && change({ ...state, filters: [] }),
        },
  )
  const onFilled = () => {
    forget()
    setNow(Date.now() + skew)
    setTurn((last) => last + 1)
  }
  const signOut = () => ask('/api/v1/session', { method: 'DELETE' }).then(onSignedOut, onSignedOut)
  const close = () => setDialog(undefined)
  return (
    <>
      <a class="skip" href="#panels">
        To the panels
      </a>
      <header class="top">
        <h1>
          {model.view?.title || model.title || 'Headcount'}{' '}
          <span class="soft small">{isGuest ? 'shared view' : ''}</span>
        </h1>
        <nav aria-label="Page">
          {!isGuest && (
            <>
              <button type="button" onClick={() => setDialog('share')}>
                Share
              </button>
              <button type="button" onClick={() => setDialog('notes')}>
                Notes
              </button>
            </>
          )}
          <button type="button" onClick={() => setTheme(nextTheme())}>
            {theme}
          </button>
          <button type="button" aria-label="Keys" title="Keys (?)" onClick={() => setDialog('keys')}>
            ?
          </button>
          <a href="/about">About</a>
          {!isGuest && (
            <button type="button" onClick={signOut}>
              Sign out
            </button>
          )}
        </nav>
        <Controls context={context} isFixed={isGuest} />
        <Filters context={context} isFixed={isGuest} />
      </header>
      <main id="panels" tabIndex={-1}>
        <Panels context={context} notes={notes} onFilled={onFilled} />
      </main>
      <footer class="soft small">
        All times UTC. A cell of fewer than {model.k} devices is never shown. Catalogue {model.catalogue}.{' '}
        <a href="/privacy">Privacy</a> · <a href="/docs">API</a>
      </footer>
      {dialog === 'share' && <ShareDialog context={context} onClose={close} />}
      {dialog === 'notes' && (
        <NotesDialog
          notes={notes}
          today={dayOf(startOf('day', now))}
          onChange={() => setTurn((last) => last + 1)}
          onClose={close}
        />
      )}
      {dialog === 'keys' && <KeysDialog onClose={close} />}
    </>
  )
}

const noNotes: readonly Note[] = []

interface PanelsProps {
  readonly context: PanelContext
  readonly notes: readonly Note[]
  /** Called when there is something for the first time. */
  readonly onFilled: () => void
}

function Panels({ context, notes, onFilled }: PanelsProps) {
  const { model } = context
  const isGuest = model.role === 'guest'
  const { path, isEmpty } = useIsEmpty(context)
  // A demo that was started here is told of until its end, also once its first events are counted.
  const [isDemo, setDemo] = useState(false)
  return (
    <>
      {model.demo !== null && <DemoNotice begun={model.demo} />}
      {(isEmpty || isDemo) && <Empty {...{ model, path, isDemo, setDemo, onFilled }} />}
      <Overview context={context} notes={notes} />
      {!isGuest && (
        <>
          <Live context={context} />
          <Movers context={context} />
        </>
      )}
      {model.datasets.map((dataset) => (
        <DatasetPanels key={dataset.id} context={context} dataset={dataset} notes={notes} />
      ))}
      {!isGuest && (
        <>
          <Uniques context={context} grain="week" />
          <Uniques context={context} grain="month" />
          <Quality context={context} />
          <Releases context={context} />
        </>
      )}
    </>
  )
}

/** A list for each dimension, the shares of one that goes on growing (versions), and the means of what is measured. */
function DatasetPanels({
  context,
  dataset,
  notes,
}: {
  context: PanelContext
  dataset: Dataset
  notes: readonly Note[]
}) {
  const { dimensions } = context.model
  return (
    <>
      {dataset.dimensions.map((dimension) => {
        const name = dimensions[dimension]?.title ?? dimension
        const isAlone = dataset.dimensions.length === 1
        return (
          <ValueList
            key={dimension}
            {...{ context, dataset, dimension }}
            title={isAlone ? dataset.title : `${name} (${dataset.title})`}
          />
        )
      })}
      {dataset.measures.length > 0 && <Measures context={context} dataset={dataset} />}
      {dataset.dimensions
        .filter((dimension) => isGrowing(dimensions[dimension]))
        .map((dimension) => (
          <Adoption key={dimension} {...{ context, dataset, dimension, notes }} />
        ))}
    </>
  )
}

/** Nothing at all in the last 30 days, not even something that may not be shown: the chart's question, so asked once. */
function useIsEmpty({ model, now, turn }: PanelContext): { path: string; isEmpty: boolean } {
  const dataset = mainDataset(model)
  const range = { from: startOf('day', now) - 29 * dayMs, to: startOf('day', now) + dayMs }
  const asked =
    dataset && model.role !== 'guest' ? question({ dataset, by: [], range, grain: 'day', filters: [] }) : undefined
  const { value } = useAnswer<UsageAnswer>(asked?.path, turn)
  return { path: asked?.path ?? '', isEmpty: value !== undefined && value.rows.length === 0 && value.suppressed === 0 }
}
