/** What partners get: which days are published, what they cost of the day's budget, and who was given what. */
import { useState } from 'preact/hooks'
import type { PanelContext } from './context.ts'
import { formatDay, formatWhole } from './numbers.ts'
import { Panel } from './panel.tsx'
import { PartnerAccess } from './partner-access.tsx'
import { ReleaseRows } from './release-rows.tsx'
import { Scroll } from './scroll.tsx'
import { useAnswer } from './use-answer.ts'

interface ReleasesAnswer {
  readonly budget: string
  readonly days: readonly {
    readonly day: string
    readonly spent: string
    readonly releases: readonly {
      readonly dataset: string
      readonly state: string
      readonly rows?: number
    }[]
  }[]
}

const states: Readonly<Record<string, string>> = {
  RESERVED: 'being drawn',
  SEALED: 'drawn, not yet published',
  PUBLISHED: 'published',
}

export function Releases({ context }: { context: PanelContext }) {
  const answer = useAnswer<ReleasesAnswer>('/api/v1/releases?limit=30', context.turn)
  const [open, setOpen] = useState<{ day: string; dataset: string }>()
  const days = answer.value?.days ?? []
  const titleOf = (id: string) => context.model.datasets.find((one) => one.id === id)?.title ?? id
  return (
    <Panel
      title="Partner releases"
      about="Noisy counts of closed days, drawn once and frozen. The budget bounds what anyone could learn of one device from all of them."
      isWide
      isLoading={answer.isLoading}
      error={answer.error}
      exported={() => ({
        title: 'Partner releases',
        columns: ['day', 'dataset', 'state', 'rows', 'spent', 'budget'],
        rows: days.flatMap(({ day, spent, releases }) =>
          releases.map(({ dataset, state, rows }) => [
            day,
            dataset,
            state,
            rows ?? null,
            spent,
            answer.value?.budget ?? '',
          ]),
        ),
        paths: ['/api/v1/releases'],
      })}
    >
      {days.length === 0 ? (
        <p class="soft">
          No day has been released yet. <code>npm run headcount -- release --day YYYY-MM-DD</code> draws one once it is
          closed.
        </p>
      ) : (
        <Scroll label="Table of releases">
          <table class="bars">
            <thead>
              <tr>
                <th scope="col">Day</th>
                <th scope="col">Budget spent (ρ of {answer.value?.budget})</th>
                <th scope="col">Datasets</th>
              </tr>
            </thead>
            <tbody>
              {days.map(({ day, spent, releases }) => (
                <tr key={day}>
                  <th scope="row">{formatDay(Date.parse(day))}</th>
                  <td>{spent}</td>
                  <td class="text">
                    {releases.map(({ dataset, state, rows }) => {
                      const text = `${titleOf(dataset)}: ${states[state] ?? state}${rows === undefined ? '' : `, ${formatWhole(rows)} rows`}`
                      const isOpen = open?.day === day && open.dataset === dataset
                      return state === 'PUBLISHED' ? (
                        <button
                          key={dataset}
                          type="button"
                          class="tag"
                          aria-expanded={isOpen}
                          onClick={() => setOpen(isOpen ? undefined : { day, dataset })}
                        >
                          {text}
                        </button>
                      ) : (
                        <span key={dataset} class="tag">
                          {text}
                        </span>
                      )
                    })}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {open && (
        <>
          <h3>{`${titleOf(open.dataset)}, ${formatDay(Date.parse(open.day))}`}</h3>
          <ReleaseRows model={context.model} day={open.day} dataset={open.dataset} />
        </>
      )}
      <PartnerAccess context={context} />
      <p class="small">
        <a href="/privacy/disclosures">Who was given what</a> · <a href="/partner/guide">What the numbers mean</a>
      </p>
    </Panel>
  )
}
