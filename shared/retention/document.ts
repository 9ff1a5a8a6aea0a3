/** The list of everything that is kept, as Markdown: infra/retention.md has it, and a test compares. */
import type { KindOfData, OnEngines } from './kind-of-data.ts'

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

function both({ embedded, servers }: OnEngines): string {
  return embedded === servers ? embedded : `one process: ${embedded}. On servers: ${servers}`
}
