/** The table beside a chart: what it draws, as numbers, a row a window. */
import { formatWindow } from './numbers.ts'
import { Twin } from './twin.tsx'

interface TwinTableProps {
  title: string
  grain: string
  windows: readonly number[]
  columns: readonly { readonly label: string; readonly values: readonly (number | null)[] }[]
  textOf: (value: number | null | undefined, window: number) => string
}

export function TwinTable({ title, grain, windows, columns, textOf }: TwinTableProps) {
  return (
    <Twin of={title}>
      {() => (
        <table>
          <thead>
            <tr>
              <th scope="col">UTC</th>
              {columns.map(({ label }) => (
                <th scope="col" key={label}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {windows.map((window, at) => (
              <tr key={window}>
                <th scope="row">{formatWindow(grain, window)}</th>
                {columns.map(({ label, values }) => (
                  <td key={label}>{textOf(values[at], window)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Twin>
  )
}
