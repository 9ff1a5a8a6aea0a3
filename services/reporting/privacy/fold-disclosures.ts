/** Folds the ledger into who was given what: partners, their datasets, the days of releases they read, when, how often. */
import type { LedgerEntry, LedgerEvent } from '../../../shared/ledger/port.ts'

export interface DisclosedDataset {
  readonly dataset: string
  /** Days whose release was read, at least in part. */
  readonly days: Set<string>
  readonly formats: Set<string>
  /** Files and tables handed out; lists and descriptions are in `looks`. */
  reads: number
  looks: number
  /** RFC 3339 */
  firstAt: string
  lastAt: string
}

export interface DisclosedPartner {
  readonly name: string
  readonly purpose: string
  /** Datasets that its key opens, whether or not it ever read them. */
  readonly scope: readonly string[]
  readonly since: string
  readonly until: string
  revokedAt: string | undefined
  readonly datasets: Map<string, DisclosedDataset>
}

export interface Transfer {
  readonly at: string
  readonly to: string
}

export class FoldedDisclosures {
  readonly #byId = new Map<string, DisclosedPartner>()
  /** Of the whole of the counts, to somebody who goes on with the service; not to partners. */
  readonly transfers: Transfer[] = []

  /** In the order in which they were added. */
  partners(): readonly DisclosedPartner[] {
    return [...this.#byId.values()]
  }

  add({ at, event }: LedgerEntry): void {
    switch (event.kind) {
      case 'partner.added': {
        const { partner, name, purpose, datasets, until } = event
        const fresh = { name, purpose, scope: datasets, since: at, until, revokedAt: undefined, datasets: new Map() }
        this.#byId.set(partner, fresh)
        return
      }
      case 'partner.revoked': {
        const partner = this.#byId.get(event.partner)
        if (partner) partner.revokedAt = at
        return
      }
      case 'partner.read':
        this.#read(at, event)
        return
      case 'transfer.exported':
        this.transfers.push({ at, to: event.to })
    }
  }

  #read(at: string, { partner, what, dataset, day, format }: Extract<LedgerEvent, { kind: 'partner.read' }>): void {
    const datasets = this.#byId.get(partner)?.datasets
    // A list of all datasets is about none of them.
    if (!datasets || dataset === undefined) return
    let known = datasets.get(dataset)
    if (!known) {
      known = { dataset, days: new Set(), formats: new Set(), reads: 0, looks: 0, firstAt: at, lastAt: at }
      datasets.set(dataset, known)
    }
    known.lastAt = at
    if (what === 'list' || what === 'manifest') known.looks++
    else known.reads++
    if (what !== 'list' && day !== undefined) known.days.add(day)
    if (format !== undefined) known.formats.add(format)
  }
}
