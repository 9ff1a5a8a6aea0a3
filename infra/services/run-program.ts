/** Runs the programs that come with other software (java, mvn, openssl) and says clearly when one is missing. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)
const textBytesMax = 2000

/**
 * Runs a program and waits for its end.
 * @throws Error with the end of what it printed, when it fails or takes longer than `waitMs`
 */
export async function runToEnd(program: string, args: readonly string[], waitMs: number): Promise<string> {
  try {
    const { stdout } = await run(program, [...args], { timeout: waitMs, maxBuffer: 16 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    const printed = `${stdout}${stderr}`.trim().slice(-textBytesMax)
    throw new Error(`${program} failed: ${printed || (error as Error).message}`, { cause: error })
  }
}

/** @throws MissingProgramError when `program` cannot be run at all */
export async function needProgram(program: string, versionArgs: readonly string[], whatItIs: string): Promise<void> {
  await run(program, [...versionArgs]).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new MissingProgramError(`${program} is missing: install ${whatItIs}`)
    throw error
  })
}

/** A program that has to be installed first; the message names it and how to get it. */
export class MissingProgramError extends Error {
  override readonly name = 'MissingProgramError'
}
