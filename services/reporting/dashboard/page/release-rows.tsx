/** The rows of a published release with what the noise may have moved them by. */
import type { ReleasePreview } from '../page-answers.ts'
import type { Model } from './model.ts'
import { valueTitle } from './model.ts'
import { Notice } from './notice.tsx'
import { formatWhole } from './numbers.ts'
import { useAnswer } from './use-answer.ts'

export function ReleaseRows({ model, day, dataset }: { model: Model; day: string; dataset: string }) {
  const { value, error } = useAnswer<ReleasePreview>(`/api/v1/releases/${day}/${dataset}/preview`)
  if (error) return <Notice error={error} />
  if (!value) return <p class="soft">…</p>
  const most = Math.max(1, ...value.shown.map(({ devices, halfWidth95 }) => devices + halfWidth95))
  const share = (count: number) => `${(Math.min(most, Math.max(0, count)) / most) * 100}%`
  return (
    <table class="bars">
      <caption class="soft small">
        The {value.shown.length} largest of {formatWhole(value.rows)} rows; the line is where the count is in about 95
        of 100 rows.
      </caption>
      <thead>
        <tr>
          <th scope="col">Row</th>
          <th scope="col">Devices</th>
          <th scope="col">±</th>
          <th scope="col">
            <span class="hide">Picture</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {value.shown.map(({ level, values, devices, halfWidth95, flags }) => {
          const told = Object.entries(values).filter(([, one]) => one !== null)
          const name = told.map(([id, one]) => valueTitle(model.dimensions[id], one ?? '')).join(', ') || 'All'
          return (
            <tr key={`${level} ${name}`}>
              <th scope="row">
                {name} <span class="soft small">{flags}</span>
              </th>
              <td>{formatWhole(devices)}</td>
              <td>{formatWhole(halfWidth95)}</td>
              <td class="whisker" aria-hidden="true">
                <i style={{ width: share(devices) }} />
                <b
                  style={{ left: share(devices - halfWidth95), right: `calc(100% - ${share(devices + halfWidth95)})` }}
                />
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
