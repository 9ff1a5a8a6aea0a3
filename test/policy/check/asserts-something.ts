/**
 * Whether a test file tests anything: it is run with every assertion made to fail, and a test in it must then fail for
 * that reason. A file that is empty, has its tests skipped, or swallows what its assertions throw does not.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'
import { plantedFailure } from './planted-failure.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const failingAssertions = new URL('failing-assertions.ts', import.meta.url).href
/** Starting an installation takes seconds on a busy machine. */
const waitMsMax = 120_000

/** @param file absolute path; run until its first planted failure is reported, then it is stopped with all it started */
export function assertsSomething(file: string): Promise<boolean> {
  return withTemporaryDirectory((dir) => run(file, dir))
}

function run(file: string, temporaryDir: string): Promise<boolean> {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--import', failingAssertions, '--test-reporter', 'tap', file],
    // In a group of its own, with a temporary folder of its own: what it leaves behind when it is stopped goes with it.
    {
      cwd: root,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...inherited, TMPDIR: temporaryDir, HEADCOUNT_TEST_FILE: file },
    },
  )
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => end(false), waitMsMax)
    let report = ''
    let found = false
    const end = (reached: boolean) => {
      clearTimeout(late)
      found ||= reached
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // It had ended by itself.
      }
    }
    child.on('error', reject)
    child.stdout.on('data', (text: Buffer) => {
      report += text
      if (isReported(report)) end(true)
    })
    child.on('close', () => {
      end(isReported(report))
      resolve(found)
    })
  })
}

/** In TAP a failed test is `not ok`, with its error in the lines after. */
function isReported(report: string): boolean {
  const failed = report.indexOf('not ok ')
  return failed >= 0 && report.indexOf(plantedFailure, failed) >= 0
}
