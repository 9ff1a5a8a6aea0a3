/** collect-ip, collect-device, confidential …: where canaries were found after they went in through the real doors. */
import path from 'node:path'
import { askableAnswers, metricsOf } from '../canary/answers.ts'
import { type CanaryRun, wronglyInLog } from '../canary/canary-run.ts'
import { findInFiles, findInKeyValue, findInTables, foundIn, isInFile } from '../canary/places.ts'
import { type Check, fail, named, notApplicable, type Outcome, pass, warn } from '../check.ts'
import type { Scene } from '../scene.ts'

/** Raw records are a line of their own, as are the files of the key-value store; parts of tables are compressed. */
const otherLines = ['event-log', path.join('key-value', 'values'), path.join('warehouse', 'store'), 'scratch/audit-']
/** What is accepted is in the raw records: so the search is seen to find. */
const inLogKinds = ['device', 'cookie', 'user-agent', 'event-id'] as const

/** A line that is looked at only where canaries went in. */
function canaryCheck(
  check: Omit<Check<Scene>, 'look'>,
  look: (run: CanaryRun, scene: Scene) => Promise<Outcome>,
): Check<Scene> {
  return {
    ...check,
    look: async (scene) => (scene.run ? look(scene.run, scene) : scene.notRun),
  }
}

const sentCheck = canaryCheck(
  {
    id: 'canary-sent',
    promise: 'events go through the real door; raw identifiers are in the event log, and only what is declared of them',
    clauses: ['collect-ip', 'collect-device', 'confidential', 'personal-refused'],
  },
  async (run) => {
    const [accepted, unreadable] = run.answers.slice(-2)
    if (accepted?.status !== 200) return fail(`the collector answered the canaries with ${accepted?.status}`)
    if (unreadable?.status !== 400) return fail(`a body that cannot be read was answered with ${unreadable?.status}`)
    const wrong = wronglyInLog(run).filter((kind) => !['opted-out', 'gpc', 'dnt'].includes(kind))
    if (wrong.length > 0) return fail(`in the event log, where they must not be: canaries sent as ${wrong.join(', ')}`)
    const missing = inLogKinds.filter((kind) => !run.inLog.some(({ text }) => text.includes(run.canaries[kind])))
    if (missing.length > 0)
      return fail(
        `not found in the event log, where raw records are: canaries sent as ${missing.join(', ')}; the search or the door does not work`,
      )
    if (!run.isCounted) return fail('the workers were not past the canaries after 30 s')
    return pass(
      `${run.inLog.length} records with canaries found in the event log, as they should be, and passed by the workers; nothing of undeclared fields, foreign cookies, query, rejected events`,
    )
  },
)

const tablesLine = canaryCheck(
  {
    id: 'canary-tables',
    promise: 'no table has anything of what was sent',
    clauses: ['collect-device', 'collect-browser', 'confidential', 'aggregate-only'],
  },
  async ({ search }, { tables }) => {
    const { found, looked } = await findInTables(search, tables)
    return found.length > 0 ? fail(foundIn(found)) : pass(`nothing in ${looked} tables, views and lists of the engine`)
  },
)

const keyValueLine = canaryCheck(
  {
    id: 'canary-key-value',
    promise: 'no entry of the key-value store has anything of what was sent',
    clauses: ['collect-device', 'confidential'],
  },
  async ({ search }, { stores }) => {
    const { found, looked } = await findInKeyValue(search, stores.keyValue)
    const file = stores.dataDir && path.join(stores.dataDir, 'key-value', 'values', 'data.mdb')
    if (file && found.length === 0 && (await isInFile(search, file)))
      found.push('the store’s file, outside of its entries')
    return found.length > 0 ? fail(foundIn(found)) : pass(`nothing in ${looked} entries${file ? ' and the file' : ''}`)
  },
)

const choicesLine = canaryCheck(
  { id: 'canary-choices', promise: 'of a choice only a keyed hash is kept', clauses: ['opt-out', 'delete'] },
  async ({ search }, { stores }) => {
    const choices = await stores.choices()
    if (!choices) return notApplicable('there is no choice log here')
    const wrong = choices.filter((choice) => search.isIn(JSON.stringify(choice)))
    if (wrong.length > 0) return fail(`found in ${wrong.length} of ${choices.length} choices`)
    return pass(`nothing in ${choices.length} choices`)
  },
)

const filesLine = canaryCheck(
  {
    id: 'canary-files',
    promise: 'no other file of the data folder has anything of what was sent',
    clauses: ['collect-device', 'confidential'],
  },
  async ({ search }, { stores }) => {
    if (!stores.dataDir) return notApplicable('the data folders of processes are on their hosts')
    const { found, looked } = await findInFiles(search, stores.dataDir, (name) =>
      otherLines.some((one) => name.startsWith(one)),
    )
    return found.length > 0 ? fail(foundIn(found)) : pass(`nothing in ${looked} files`)
  },
)

const metricsLine = canaryCheck(
  {
    id: 'canary-metrics',
    promise: 'no metric has anything of what was sent',
    clauses: ['collect-device', 'confidential'],
  },
  async ({ search }, { doors, credentials }) => {
    const answers = await metricsOf(doors, credentials)
    const refused = answers.filter(({ status }) => status !== 200)
    const found = answers.filter(({ text }) => search.isIn(text)).map(({ what }) => what)
    if (found.length > 0) return fail(foundIn(found))
    if (refused.length > 0) return fail(named(refused.map(({ what, status }) => `${what} answered ${status}`)))
    return pass(`nothing in the metrics of ${answers.length} processes or ports`)
  },
)

const answersLine = canaryCheck(
  {
    id: 'canary-answers',
    promise: 'no answer over HTTP, to sender, analyst, operator or anybody, has anything of what was sent',
    clauses: ['not-identify', 'collect-device', 'confidential'],
  },
  async ({ search, answers, optOut }, scene) => {
    const asked = [...answers, optOut, ...(await askableAnswers(scene))]
    const found = asked.filter(({ text }) => search.isIn(text)).map(({ what }) => what)
    return found.length > 0 ? fail(foundIn(found)) : pass(`nothing in ${asked.length} answers`)
  },
)

const logsLine = canaryCheck(
  {
    id: 'canary-logs',
    promise: 'no log line has anything of what was sent',
    clauses: ['collect-ip', 'collect-device', 'confidential'],
  },
  async ({ search }, { logFiles }) => {
    if (logFiles.length === 0)
      return warn('not looked at: processes write to standard output; give the files that it goes to with --log')
    const found: string[] = []
    for (const file of logFiles) if (await isInFile(search, file)) found.push(`the file ${file}`)
    return found.length > 0 ? fail(foundIn(found)) : pass(`nothing in ${logFiles.length} files`)
  },
)

export const canaryChecks = [
  sentCheck,
  tablesLine,
  keyValueLine,
  choicesLine,
  filesLine,
  metricsLine,
  answersLine,
  logsLine,
]
