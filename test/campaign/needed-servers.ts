/** What a test on real servers needs, and is skipped without, except under CI. */
import { findRedis } from '../../infra/services/redis.ts'
import { MissingProgramError, needProgram } from '../../infra/services/run-program.ts'

/** For `skip`: why not, or false. Under `CI=true` always false: then what is missing is a failure. */
export async function withoutServers(): Promise<string | false> {
  if (process.env.CI === 'true') return false
  if (!findRedis()) return 'needs Redis: npm run services:up says how to get one'
  try {
    await needProgram('java', ['-version'], 'Kafka needs Java')
    await needProgram('mvn', ['-version'], 'Kafka needs Maven')
    return false
  } catch (error) {
    if (error instanceof MissingProgramError) return error.message
    throw error
  }
}
