/** Nothing is kept that is not in the list of everything that is kept (shared/retention/table.ts). */
import type { KindOfData, Places } from '../../../shared/retention/kind-of-data.ts'
import { retentionTable } from '../../../shared/retention/table.ts'
import { type Check, fail, named, type Outcome, pass } from '../check.ts'
import { filesBelow } from '../files-below.ts'
import type { Scene } from '../scene.ts'

/** The engine's own files are no kind of data; its tables are looked at as such. */
const ofEngine = ['warehouse/']

export const onlyListedCheck: Check<Scene> = {
  id: 'only-listed',
  promise: 'no entry, key, file or topic is kept that the list of everything that is kept does not have',
  clauses: ['aggregate-only', 'collect-device', 'confidential'],
  async look({ config, stores }): Promise<Outcome> {
    const kinds = retentionTable(config)
    const unknown = { entries: [] as string[], secrets: [] as string[], files: [] as string[] }
    let looked = 0
    for await (const [key] of stores.keyValue.scan('')) {
      looked++
      if (!isListed(kinds, 'entries', key)) unknown.entries.push(key)
    }
    for (const { name } of await stores.keyValue.secrets.list()) {
      looked++
      if (!isListed(kinds, 'secrets', name)) unknown.secrets.push(name)
    }
    for (const name of stores.dataDir === undefined ? [] : await filesBelow(stores.dataDir)) {
      looked++
      const isOfEngine = ofEngine.some((begin) => name.startsWith(begin))
      if (!isOfEngine && !isListed(kinds, 'files', name)) unknown.files.push(name)
    }
    const topics = await stores.unknownTopics()
    const wrong = Object.entries({ ...unknown, topics }).flatMap(([what, names]) =>
      names.map((name) => `${what}: ${beginning(name)}`),
    )
    return wrong.length > 0 ? fail(named(wrong)) : pass(`${looked} entries, secrets and files, each of a listed kind`)
  },
}

function isListed(kinds: readonly KindOfData[], what: keyof Places, name: string): boolean {
  return kinds.some(({ places }) => places[what]?.some((begin) => name.startsWith(begin)))
}

/** A name that nobody knows may have anything in it. */
function beginning(name: string): string {
  return `a name of ${name.length} characters beginning with "${name.slice(0, 12)}"`
}
