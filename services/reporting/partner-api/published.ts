/** What is published: from the ledger alone, so that nothing sealed, reserved or foreign can ever be found. */
import type { LedgerState, Partner, ReleaseState } from '../../../shared/ledger/port.ts'

export interface PublishedRelease extends ReleaseState {
  readonly state: 'PUBLISHED'
  /** Of the manifest. */
  readonly sha256: string
  readonly rows: number
  readonly publishedAt: string
}

/** By day. */
export function publishedOf(state: LedgerState, dataset: string): PublishedRelease[] {
  return state.releases().filter((one): one is PublishedRelease => one.dataset === dataset && isPublished(one))
}

/** Undefined for everything that this partner cannot have, whatever the reason; every reason takes the same steps. */
export function findPublished(
  state: LedgerState,
  partner: Partner,
  dataset: string,
  day: string,
): PublishedRelease | undefined {
  const release = state.release(day, dataset)
  const isTheirs = partner.datasets.includes(dataset)
  return isTheirs && release && isPublished(release) ? release : undefined
}

function isPublished(release: ReleaseState): release is PublishedRelease {
  return release.state === 'PUBLISHED' && release.sha256 !== undefined
}
