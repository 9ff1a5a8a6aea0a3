/** The address by which whoever asked reaches this server, for links. */
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../../shared/config.ts'

/** Without a slash at the end. */
export function publicAddress({ publicUrl }: Pick<Config, 'publicUrl'>, request: FastifyRequest): string {
  return publicUrl || `${request.protocol}://${request.host}`
}
