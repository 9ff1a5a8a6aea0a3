/**
 * Loaded before a test file: every function of node:assert fails, whatever it is given, if the file named by
 * HEADCOUNT_TEST_FILE calls it, itself or through others. A file that passes all the same tests nothing.
 */
import assert from 'node:assert'
import { syncBuiltinESMExports } from 'node:module'
import { plantedFailure } from './planted-failure.ts'

const file = process.env.HEADCOUNT_TEST_FILE
if (!file) throw new Error('HEADCOUNT_TEST_FILE names no file')
// A helper may stand between the file and the assertion.
Error.stackTraceLimit = 100

const notFunctionsToCall = new Set(['AssertionError', 'CallTracker', 'strict', 'Assert'])

for (const of of [assert, assert.strict] as unknown as Record<string, unknown>[])
  for (const [name, value] of Object.entries(of))
    if (typeof value === 'function' && !notFunctionsToCall.has(name)) of[name] = failing(value as Assertion)
syncBuiltinESMExports()

type Assertion = (...given: unknown[]) => unknown

function failing(real: Assertion): Assertion {
  const isAsync = real.name === 'rejects' || real.name === 'doesNotReject'
  return (...given) => {
    const error = new Error(plantedFailure)
    if (!error.stack?.includes(file!)) return real(...given)
    if (isAsync) return Promise.reject(error)
    throw error
  }
}
