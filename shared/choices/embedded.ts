/**
 * The choice log of an installation in one process: a file of JSON lines, each with a checksum, flushed before `append`
 * resolves. What is removed is removed by writing the file anew.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../clock.ts'
import { makeDirectory, writeAtomically } from '../durable-file.ts'
import { InTurn } from '../in-turn.ts'
import { FoldedChoices } from './folded-choices.ts'
import { type Choice, ChoiceKeyError, type ChoiceLog, type Choices, type NewChoice } from './port.ts'
import { choiceKeyFingerprint } from './subject.ts'

const fileName = 'choices.log'
const formatVersion = 1

export interface EmbeddedChoiceLogOptions {
  readonly dir: string
  readonly choiceKey: Buffer
  readonly clock: Clock
}

/** @throws ChoiceKeyError when the file was begun under another key */
export async function openEmbeddedChoiceLog(options: EmbeddedChoiceLogOptions): Promise<ChoiceLog> {
  await makeDirectory(options.dir)
  const file = path.join(options.dir, fileName)
  const header = lineOf({ version: formatVersion, key: choiceKeyFingerprint(options.choiceKey) })
  const found = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const { entries, whole } = readLines(found)
  const [begun, ...choices] = entries
  if (begun !== undefined && lineOf(begun) !== header)
    throw new ChoiceKeyError(
      `${file} was begun under another key, so nobody who opted out could be known again: set HEADCOUNT_CHOICE_KEY to the secret that was set then (where none was set, to the admin token of then)`,
    )
  // A last line without its end was never answered: its writer crashed.
  if (begun === undefined || whole.length < found.length) await writeAtomically(file, whole === '' ? header : whole)
  return new EmbeddedChoiceLog(file, header, await open(file, 'a'), choices as Choice[], options.clock)
}

/** What is in the file now, for who only looks, beside the process that has it. None where there is no file. */
export async function readChoiceFile(dir: string): Promise<readonly Choice[]> {
  const text = await readFile(path.join(dir, fileName), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return readLines(text).entries.slice(1) as Choice[]
}

class EmbeddedChoiceLog implements ChoiceLog {
  readonly #file: string
  readonly #header: string
  readonly #clock: Clock
  readonly #folded = new FoldedChoices()
  readonly #writing = new InTurn()
  #handle: FileHandle
  #lastAt = 0

  constructor(file: string, header: string, handle: FileHandle, choices: readonly Choice[], clock: Clock) {
    this.#file = file
    this.#header = header
    this.#handle = handle
    this.#clock = clock
    for (const choice of choices) this.#fold(choice)
  }

  get choices(): Choices {
    return this.#folded
  }

  append(choice: NewChoice): Promise<Choice> {
    const seen = this.#folded.seenBy(choice)
    return this.#writing.run(async () => {
      const kept: Choice = {
        ...choice,
        ...seen,
        id: randomBytes(8).toString('hex'),
        at: Math.max(this.#lastAt, this.#clock.now()),
      }
      try {
        await this.#handle.appendFile(lineOf(kept))
        await this.#handle.sync()
      } catch (error) {
        // Part of a line may be there, and nothing may follow on it.
        await this.#rewrite()
        throw error
      }
      this.#fold(kept)
      return kept
    })
  }

  remove(entries: readonly Choice[]): Promise<void> {
    return this.#writing.run(async () => {
      for (const { subject, id } of entries) this.#folded.remove(subject, id)
      await this.#rewrite()
    })
  }

  async #rewrite(): Promise<void> {
    await writeAtomically(this.#file, this.#header + [...this.#folded.all()].map(lineOf).join(''))
    await this.#handle.close()
    this.#handle = await open(this.#file, 'a')
  }

  async catchUp(): Promise<void> {}

  readiness(): string {
    return 'ok'
  }

  close(): Promise<void> {
    return this.#writing.run(() => this.#handle.close())
  }

  /** What a subject has too many goes from memory now, and from the file when it is next written anew. */
  #fold(choice: Choice): void {
    this.#lastAt = Math.max(this.#lastAt, choice.at)
    for (const old of this.#folded.add(choice)) this.#folded.remove(old.subject, old.id)
  }
}

function lineOf(value: object): string {
  const text = JSON.stringify(value)
  return `${checksum(text)} ${text}\n`
}

/** The lines up to the first one that is torn, and their text. @throws Error when a line in the middle is damaged */
function readLines(text: string): { entries: object[]; whole: string } {
  const entries: object[] = []
  let end = 0
  while (end < text.length) {
    const newline = text.indexOf('\n', end)
    if (newline < 0) break
    const line = text.slice(end, newline)
    if (line.slice(0, 8) !== checksum(line.slice(9))) {
      if (newline + 1 === text.length) break
      throw new Error(`line ${entries.length + 1} of the choices is damaged; bring the file back from a copy`)
    }
    entries.push(JSON.parse(line.slice(9)) as object)
    end = newline + 1
  }
  return { entries, whole: text.slice(0, end) }
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}
