/** Routes of legal holds behind the operator's door: place, release, list. */
import type { FastifyInstance } from 'fastify'
import type { Desk } from './desk.ts'
import { foreseen, readWish } from './door-problems.ts'
import type { HoldWish } from './holds.ts'

const wishFields = '{"case", "why", "covers"}, of raw records also {"until", "order"}'

export function addHoldRoutes(door: FastifyInstance, desk: Desk): void {
  door.get('/v1/operator/holds', () => desk.holds())
  door.post('/v1/operator/holds', ({ body }) => foreseen(() => desk.placeHold(readWish<HoldWish>(body, wishFields))))
  door.post('/v1/operator/holds/release', ({ body }) =>
    foreseen(async () => {
      const wish = readWish<{ case: string; why: string }>(body, '{"case", "why"}')
      await desk.releaseHold(wish.case, wish.why)
      return { released: true }
    }),
  )
}
