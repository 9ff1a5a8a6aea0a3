/** What every panel has: a title, states that say what to do, and its exports. */
import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { ApiError } from './api.ts'
import { copyCall, type Exported, saveCsv, saveJson, savePng } from './export.ts'
import { Notice } from './notice.tsx'

interface PanelProps {
  readonly title: string
  readonly about?: string
  readonly isWide?: boolean
  readonly isLoading?: boolean
  readonly error?: ApiError | undefined
  /** What is shown, for files; none: nothing is shown. */
  readonly exported?: (() => Exported) | undefined
  readonly children?: ComponentChildren
}

export function Panel({ title, about, isWide, isLoading, error, exported, children }: PanelProps) {
  const section = useRef<HTMLElement>(null)
  const id = `p-${title.toLowerCase().replace(/\W+/g, '-')}`
  return (
    <section ref={section} class={isWide ? 'panel wide' : 'panel'} aria-labelledby={id} aria-busy={isLoading === true}>
      <header>
        <h2 id={id}>{title}</h2>
        {exported && <Exports title={title} exported={exported} section={() => section.current} />}
      </header>
      {about && <p class="soft small">{about}</p>}
      {error ? <Notice error={error} /> : children}
    </section>
  )
}

interface ExportsProps {
  readonly title: string
  readonly exported: () => Exported
  readonly section: () => HTMLElement | null
}

function Exports({ title, exported, section }: ExportsProps) {
  const menu = useRef<HTMLDetailsElement>(null)
  const [said, say] = useState('')
  const run = (done: string, act: () => unknown) => async () => {
    try {
      await act()
      say(done)
    } catch {
      say('The browser did not allow it')
    }
    menu.current?.removeAttribute('open')
    menu.current?.querySelector('summary')?.focus()
    setTimeout(() => say(''), 4000)
  }
  return (
    <details class="menu" ref={menu}>
      <summary aria-label={`Export ${title}`}>⤓</summary>
      <div class="pop">
        <button type="button" onClick={run('CSV saved', () => saveCsv(exported()))}>
          CSV
        </button>
        <button type="button" onClick={run('JSON saved', () => saveJson(exported()))}>
          JSON
        </button>
        <button type="button" onClick={run('PNG saved', () => savePng(exported(), section()))}>
          PNG
        </button>
        <button type="button" onClick={run('Copied', () => copyCall(exported()))}>
          Copy as API call
        </button>
      </div>
      <span role="status" class="said">
        {said}
      </span>
    </details>
  )
}
