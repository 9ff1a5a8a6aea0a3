/** What every dialect is made with. */
import type { Catalogue } from '../../../shared/catalogue.ts'
import type { KeyCheck } from '../../../shared/http/authorization.ts'
import type { AgreementCheck } from '../policy.ts'
import type { BodyLimits } from '../request-body.ts'

export interface DialectOptions {
  readonly catalogue: Catalogue
  /** The write key, or one of the further names that senders may give (`HEADCOUNT_SENDER_KEYS`). */
  readonly isSenderKey: KeyCheck
  readonly limits: BodyLimits
  /** Most events in one request. */
  readonly eventsMax: number
  /** Undefined: nobody has to have agreed to anything. */
  readonly hasAgreed?: AgreementCheck | undefined
}
