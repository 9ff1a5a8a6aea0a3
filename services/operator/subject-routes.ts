/** Routes behind the operator's door by which commands act for somebody on a case. */
import type { FastifyInstance } from 'fastify'
import type { Desk } from './desk.ts'
import { readWish } from './door-problems.ts'
import type { SubjectWish } from './subject-desk.ts'

const fields = '"case" and one of "device", "cookie", "cluster"'

/** Each with a body, so that no identifier is in an address. */
export function addSubjectRoutes(door: FastifyInstance, desk: Desk): void {
  door.post('/v1/operator/subjects/forget', ({ body }) =>
    desk.forget(readWish<SubjectWish>(body, `{${fields}, may have "history"}`)),
  )
  door.post('/v1/operator/subjects/choose', ({ body }) =>
    desk.choose(readWish<SubjectWish>(body, `{"choice", ${fields}}`)),
  )
  door.post('/v1/operator/subjects/access', ({ body }) => desk.access(readWish<SubjectWish>(body, `{${fields}}`)))
}
