/** To whom releases go: for admins each partner, for analysts how many there are. */
import type { PartnerAccess as Answer, PartnerState } from '../page-answers.ts'
import type { PanelContext } from './context.ts'
import { Notice } from './notice.tsx'
import { formatDay, formatWhole } from './numbers.ts'
import { Scroll } from './scroll.tsx'
import { useAnswer } from './use-answer.ts'

const states: readonly (readonly [PartnerState, string])[] = [
  ['active', 'may read'],
  ['expired', 'past their end'],
  ['revoked', 'revoked'],
]

export function PartnerAccess({ context }: { context: PanelContext }) {
  const { value, error } = useAnswer<Answer>('/api/v1/partner-access', context.turn)
  if (error) return <Notice error={error} />
  if (!value) return null
  const told = states.filter(([state]) => value.counts[state] > 0)
  const titleOf = (id: string) => context.model.datasets.find((one) => one.id === id)?.title ?? id
  return (
    <>
      <h3>To whom</h3>
      <p class="soft small">
        {told.length === 0
          ? 'There is no partner.'
          : `Partners: ${told.map(([state, title]) => `${formatWhole(value.counts[state])} ${title}`).join(', ')}.`}
      </p>
      {value.partners !== undefined && value.partners.length > 0 && (
        <Scroll label="Table of partners">
          <table>
            <thead>
              <tr>
                <th scope="col">Partner</th>
                <th scope="col">Key</th>
                <th scope="col">May read</th>
                <th scope="col">Until</th>
                <th scope="col">Files read</th>
                <th scope="col">Last read</th>
              </tr>
            </thead>
            <tbody>
              {value.partners.map(({ partner, name, purpose, state, until, datasets, reads, lastRead }) => (
                <tr key={partner}>
                  <th scope="row" title={purpose}>
                    {name}
                  </th>
                  <td class="text">
                    <code>{partner}</code>
                  </td>
                  <td class="text">{datasets.map(titleOf).join(', ')}</td>
                  <td>{state === 'revoked' ? 'revoked' : formatDay(Date.parse(until))}</td>
                  <td>{formatWhole(reads)}</td>
                  <td>{lastRead === null ? 'never' : formatDay(Date.parse(lastRead))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </>
  )
}
