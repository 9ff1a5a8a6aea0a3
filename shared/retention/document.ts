/** The list of everything that is kept, as Markdown: infra/retention.md has it, and a test compares. */
import { coverables, type KindOfData, type OnEngines } from './kind-of-data.ts'

const about = { identified: 'somebody', pseudonymous: 'a keyed hash', nobody: 'nobody' } as const

export function retentionDocument(kinds: readonly KindOfData[]): string {
  const rows = kinds.map((kind) => [
    `\`${kind.id}\``,
    `**${kind.title}**: ${kind.contains}`,
    about[kind.about],
    both(kind.where),
    kind.howLong,
    both(kind.removedBy),
    kind.heldAs === undefined ? 'no' : kind.heldAs === 'raw' ? 'only by an order with an end' : 'yes',
  ])
  const head = ['kind', 'what it is', 'about', 'where', 'how long', 'removed by', 'kept by a hold']
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')
}

/** What each way to hold keeps, as a Markdown list; also in infra/retention.md. */
export function holdsDocument(kinds: readonly KindOfData[]): string {
  return coverables
    .map((covered) => {
      const held = kinds.filter(({ heldAs }) => heldAs === covered)
      const names = (ending: boolean) =>
        held.filter(({ keptMs }) => (keptMs !== undefined) === ending).map(({ id }) => `\`${id}\``)
      const [longer, forGood] = [names(true).join(', '), names(false).join(', ')]
      const kept = longer === '' ? 'nothing beyond its time' : `${longer} beyond their time`
      return `- \`${covered}\` keeps ${kept}${forGood === '' ? '' : `; ${forGood} stay in any case`}.\n`
    })
    .join('')
}

function both({ embedded, servers }: OnEngines): string {
  return embedded === servers ? embedded : `one process: ${embedded}. On servers: ${servers}`
}
