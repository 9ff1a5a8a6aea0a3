// @ts-check
/**
 * The reporter of `npm test`: Node's own (spec on a terminal, TAP elsewhere), with what failed once more right before
 * TAP's closing counts, as comments. A log of thousands of lines is often read, or kept, from its end only.
 * JavaScript, since Node loads its reporters before what reads TypeScript.
 * https://nodejs.org/docs/latest-v20.x/api/test.html#custom-reporters
 */
import { Readable } from 'node:stream'
import { spec, tap } from 'node:test/reporters'
import { inspect } from 'node:util'

/** @typedef {import('node:test/reporters').TestEvent} TestEvent */
/** @typedef {import('node:test').EventData.TestFail} Failure */

const isClosingCounts = /^# tests \d/
const detailLinesMax = 30
const failuresMax = 50
/** Characters of a file's standard error. */
const saidMax = 10_000

/**
 * @param {AsyncIterable<TestEvent>} source
 * @returns {AsyncGenerator<string>}
 */
// biome-ignore lint/style/noDefaultExport: Node takes a reporter by its default export
export default async function* failuresLast(source) {
  if (process.stdout.isTTY) yield* Readable.from(source).pipe(new spec())
  else yield* tapWithFailures(source)
}

/**
 * @param {AsyncIterable<TestEvent>} source
 * @returns {AsyncGenerator<string>} TAP version 13, a piece at a time
 */
export async function* tapWithFailures(source) {
  /** @type {string[]} */
  const failures = []
  /** By file; what one that has ended itself said is all that is known of why. @type {Map<string, string>} */
  const said = new Map()
  /** @returns {AsyncGenerator<TestEvent, void>} */
  async function* watched() {
    for await (const event of source) {
      if (event.type === 'test:stderr') {
        const { file, message } = event.data
        said.set(file, ((said.get(file) ?? '') + message).slice(-saidMax))
      }
      if (event.type === 'test:fail' && isItsOwn(event.data)) failures.push(describeFailure(event.data, said))
      yield event
    }
  }
  for await (const text of tap(watched())) {
    if (isClosingCounts.test(text) && failures.length > 0) yield comment(listed(failures))
    yield text
  }
}

/**
 * Not that of a suite or test that has failed because one in it did, and not one that is expected to fail.
 * @param {Failure} failure
 */
function isItsOwn({ details, todo }) {
  const { failureType } = /** @type {{ failureType?: string }} */ (details.error)
  return todo === undefined && failureType !== 'subtestsFailed'
}

/**
 * @param {Failure} failure
 * @param {Map<string, string>} said
 */
function describeFailure({ name, file, line, column, details }, said) {
  const at = file === undefined ? '' : ` (${file}${line === undefined ? '' : `:${line}:${column}`})`
  const why = inspect(details.error.cause ?? details.error).split('\n')
  const more = why.length > detailLinesMax ? [`... ${why.length - detailLinesMax} lines more above`] : []
  const hasEndedItself = /** @type {{ exitCode?: unknown }} */ (details.error).exitCode !== undefined
  const last = hasEndedItself ? (said.get(file ?? '') ?? '').trimEnd().split('\n').slice(-detailLinesMax) : []
  return [`${name}${at}`, ...[...why.slice(0, detailLinesMax), ...more, ...last].map((text) => `    ${text}`)].join(
    '\n',
  )
}

/** @param {string[]} failures */
function listed(failures) {
  const more = failures.length > failuresMax ? [`... and ${failures.length - failuresMax} more above`] : []
  return [`${failures.length} failed:`, ...failures.slice(0, failuresMax), ...more].join('\n')
}

/** @param {string} text */
function comment(text) {
  return text
    .split('\n')
    .map((line) => `# ${line}\n`)
    .join('')
}
