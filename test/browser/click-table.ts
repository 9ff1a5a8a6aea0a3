/** The table of `npm run clicks`, as `infra/dashboard-tasks.md` has it. */
import { comparedTasks, type Flow } from './documented-flows.ts'
import type { Done } from './tasks.ts'

export function clickTable(done: readonly Pick<Done, 'name' | 'clicks' | 'keys'>[]): string {
  const rows = done.map(({ name, clicks, keys }) => {
    const others = comparedTasks.find(({ task }) => task === name)
    return `| ${name} | ${clicks + keys} | ${stepsOf(others?.plausible)} | ${stepsOf(others?.umami)} |`
  })
  return ['| task | Headcount | Plausible | Umami |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function stepsOf(flow: Flow | undefined): string {
  return flow === undefined ? 'none is documented' : String(flow.steps.length)
}
