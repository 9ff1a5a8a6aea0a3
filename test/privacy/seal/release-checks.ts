/**
 * What must hold whenever and however often the process that seals is killed. Remembers everything that it was ever told,
 * across lives: what was once seen never changes.
 */
import type { Told, ToldAudit, ToldBytes, ToldRelease } from './told.ts'

const mistakesMax = 20

export class ReleaseChecks {
  readonly mistakes: string[] = []
  /** Of any number. */
  mistakesCount = 0
  audits = 0
  readonly #sealed = new Map<string, string>()
  readonly #published = new Set<string>()
  readonly #served = new Map<string, string>()

  hear(told: Told): void {
    if ('error' in told) this.#note(`it said: ${told.error}`)
    if ('release' in told) this.#seen(told.release)
    if ('served' in told) this.#bytes(told.served)
    if ('audit' in told) this.#audit(told.audit)
  }

  /** When all of `days` must be published. */
  end(last: ToldAudit | undefined, days: readonly string[], datasets: readonly string[]): void {
    if (!last) {
      this.#note('it never came to the end')
      return
    }
    for (const day of days) {
      for (const dataset of datasets) {
        for (const kind of ['budget.reserved', 'release.sealed', 'release.published']) {
          const count = last.entries[`${kind} ${day} ${dataset}`] ?? 0
          if (count !== 1) this.#note(`${dataset} of ${day} has ${count} entries ${kind}`)
        }
        const release = last.releases.find((one) => one.day === day && one.dataset === dataset)
        const stored = last.stored[`${day} ${dataset}`] ?? []
        if (release?.state !== 'PUBLISHED') this.#note(`${dataset} of ${day} is ${release?.state ?? 'nowhere'}`)
        if (stored.length !== 1 || stored[0] !== release?.sha256)
          this.#note(`${dataset} of ${day}: ${stored.length} releases are stored`)
      }
    }
    for (const what of ['sealKeys', 'plans', 'scratch'] as const)
      if (last[what].length > 0) this.#note(`${what} left at the end: ${last[what].join(', ')}`)
  }

  #audit({ spent, releases, entries, ledger, served }: ToldAudit): void {
    this.audits++
    if (ledger !== 'verified') this.#note(`the ledger does not verify: ${ledger}`)
    for (const { day, rho, within } of spent) if (!within) this.#note(`${day} has spent ${rho}, over its budget`)
    for (const [what, count] of Object.entries(entries)) if (count > 1) this.#note(`${count} entries ${what}`)
    for (const release of releases) this.#seen(release)
    for (const bytes of served) this.#bytes(bytes)
    // What was once published is not gone.
    for (const place of this.#published) {
      const now = releases.find(({ day, dataset }) => `${day} ${dataset}` === place)
      if (now?.state !== 'PUBLISHED') this.#note(`${place} was published, and is ${now?.state ?? 'gone'}`)
    }
  }

  #seen({ day, dataset, state, sha256 }: ToldRelease): void {
    const place = `${day} ${dataset}`
    if (state === 'PUBLISHED') this.#published.add(place)
    const before = this.#sealed.get(place)
    if (before !== undefined && (state === 'RESERVED' || sha256 !== before))
      this.#note(`${place} was ${before.slice(0, 12)}, and is ${sha256?.slice(0, 12) ?? state}`)
    if (state !== 'RESERVED' && before === undefined) this.#sealed.set(place, sha256 ?? '')
  }

  #bytes({ day, dataset, release, sha256, asManifest }: ToldBytes): void {
    const place = `${day} ${dataset}`
    if (!asManifest) this.#note(`what is handed out of ${place} is not what its manifest says`)
    if (this.#sealed.get(place) !== release) this.#note(`${place} is handed out, and is not what was sealed`)
    const text = JSON.stringify(sha256)
    const before = this.#served.get(place)
    if (before !== undefined && before !== text) this.#note(`bytes of ${place} have changed`)
    this.#served.set(place, before ?? text)
  }

  #note(mistake: string): void {
    this.mistakesCount++
    if (this.mistakes.length < mistakesMax) this.mistakes.push(mistake)
  }
}
