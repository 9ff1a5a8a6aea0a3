/** Processes answer, and know who has chosen what before they take anything. */
import { get } from '../canary/answers.ts'
import { type Check, fail, named, notApplicable, type Outcome, pass } from '../check.ts'
import type { Scene } from '../scene.ts'

export const processesCheck: Check<Scene> = {
  id: 'processes',
  promise: 'every process is ready, and has read the choices of everybody',
  clauses: ['opt-out', 'protect'],
  async look({ doors }): Promise<Outcome> {
    const urls = [...doors.collectors, ...doors.workers, ...doors.reporting]
    if (urls.length === 0)
      return notApplicable('nothing runs, or it was not said where: --collector, --worker, --reporting')
    const wrong: string[] = []
    for (const url of urls) {
      const { status, text } = await get(`${url}/health/ready`)
      if (status !== 200) wrong.push(`${url} answers ${status}: ${text.slice(text.indexOf('\n') + 1).slice(0, 200)}`)
    }
    return wrong.length > 0 ? fail(named(wrong)) : pass(`${urls.length} ports answer that they are ready`)
  },
}
