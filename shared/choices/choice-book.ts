/** The choices together with what finds somebody in them: what the collector, the worker and the seal are given. */
import type { ChoiceLog } from './port.ts'
import type { SubjectHash } from './subject.ts'

export interface ChoiceBook {
  readonly log: ChoiceLog
  readonly subjectOf: SubjectHash
}
