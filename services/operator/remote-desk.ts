/** The desk of an installation that runs in another process, over the operator's door. */

import type { Hold, Partner } from '../../shared/ledger/port.ts'
import type { LedgerVerdict } from '../../shared/ledger/verify-ledger.ts'
import type { EpochName } from '../../shared/window.ts'
import type { Held } from '../collector/privacy/what-is-held.ts'
import type { AccessLogFormat } from '../importer/access-log-line.ts'
import type { LinesAppended } from '../importer/import-lines.ts'
import type { NumberedLine } from '../importer/numbered-lines.ts'
import type { PartnerWish } from '../partners/partner-registry.ts'
import type { Role } from '../reporting/dashboard/sessions.ts'
import type { KeptNow } from '../retention/kept-now.ts'
import { ForeseenError } from '../start-failure.ts'
import type { Desk, EpochKeyInfo, ImportTally } from './desk.ts'
import type { HoldWish } from './holds.ts'
import { writeLines } from './operator-door.ts'
import type { ReleaseAnswer } from './release-requests.ts'
import type { Chosen, Forgotten, SubjectWish } from './subject-desk.ts'

/** Closing a day of much data takes the longest. */
const answerMsMax = 120_000

export class RemoteDesk implements Desk {
  readonly #url: string
  readonly #adminToken: string

  /** @param url the collector's, without a slash at the end */
  constructor(url: string, adminToken: string) {
    this.#url = url
    this.#adminToken = adminToken
  }

  append(lines: readonly NumberedLine[], format: AccessLogFormat, keepBots: boolean): Promise<LinesAppended> {
    return this.#ask('POST', `import?format=${format}&keepBots=${keepBots}`, writeLines(lines))
  }

  progress(positions: Record<string, number>): Promise<{ done: boolean; tally: ImportTally }> {
    const pairs = Object.entries(positions).map(([partition, position]) => `${partition}:${position}`)
    return this.#ask('GET', `progress?positions=${pairs.join(',')}`)
  }

  keys(): Promise<EpochKeyInfo[]> {
    return this.#ask('GET', 'keys')
  }

  async close(epoch: EpochName): Promise<void> {
    await this.#ask('POST', `close?epoch=${epoch}`)
  }

  release(day: string, unfinished: boolean): Promise<ReleaseAnswer> {
    return this.#ask('POST', `release?day=${encodeURIComponent(day)}&unfinished=${unfinished}`)
  }

  addPartner(wish: PartnerWish): Promise<{ partner: string; key: string; until: string }> {
    return this.#ask('POST', 'partners', inJson(wish))
  }

  async revokePartner(partner: string): Promise<void> {
    await this.#ask('POST', `partners/revoke?partner=${encodeURIComponent(partner)}`)
  }

  partners(): Promise<Partner[]> {
    return this.#ask('GET', 'partners')
  }

  verifyLedger(keptHead?: string): Promise<LedgerVerdict> {
    return this.#ask('GET', `ledger/verify${keptHead === undefined ? '' : `?head=${encodeURIComponent(keptHead)}`}`)
  }

  async signIn(role: Role): Promise<string> {
    return (await this.#ask<{ secret: string }>('POST', `sign-in?role=${role}`)).secret
  }

  quarantine(): Promise<{ reason: string; shape: string; events: number }[]> {
    return this.#ask('GET', 'quarantine')
  }

  retention(): Promise<KeptNow[]> {
    return this.#ask('GET', 'retention')
  }

  placeHold(wish: HoldWish): Promise<Hold> {
    return this.#ask('POST', 'holds', inJson(wish))
  }

  async releaseHold(caseId: string, why: string): Promise<void> {
    await this.#ask('POST', 'holds/release', inJson({ case: caseId, why }))
  }

  holds(): Promise<Hold[]> {
    return this.#ask('GET', 'holds')
  }

  forget(wish: SubjectWish): Promise<Forgotten> {
    return this.#ask('POST', 'subjects/forget', inJson(wish))
  }

  choose(wish: SubjectWish): Promise<Chosen> {
    return this.#ask('POST', 'subjects/choose', inJson(wish))
  }

  access(wish: SubjectWish): Promise<Held> {
    return this.#ask('POST', 'subjects/access', inJson(wish))
  }

  async #ask<T>(method: string, path: string, body?: Buffer): Promise<T> {
    const answer = await fetch(`${this.#url}/v1/operator/${path}`, {
      method,
      signal: AbortSignal.timeout(answerMsMax),
      headers: { authorization: `Bearer ${this.#adminToken}` },
      ...(body ? { body: new Uint8Array(body) } : {}),
    })
    const content = (await answer.json()) as T & { title?: string; detail?: string }
    if (!answer.ok)
      throw new ForeseenError(
        `the running installation at ${this.#url} answered ${answer.status}: ${content.title}. ${content.detail}`,
      )
    return content
  }
}

function inJson(wish: object): Buffer {
  return Buffer.from(JSON.stringify(wish))
}
