/** Lines in a terminal that are drawn over themselves. */
const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const clearLine = '\x1b[K'
const clearBelow = '\x1b[0J'

export class LiveText {
  readonly #stream: NodeJS.WriteStream
  #drawn: string[] = []
  readonly #onExit = () => void process.stdout.write(showCursor)

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    stream.write(hideCursor)
    // A terminal without a cursor is what a process leaves that dies in between.
    process.once('exit', this.#onExit)
  }

  /** Replaces what was drawn before; no line may be wider than the terminal. */
  draw(lines: readonly string[]): void {
    // Line by line: clearing the whole screen at once would flicker, and put a copy into some terminals' history.
    const text = lines.map((line) => `${clearLine}${line}\n`).join('')
    this.#stream.write(`${this.#back()}${text}${clearBelow}`)
    this.#drawn = [...lines]
  }

  /** Leaves the last drawing where it is. */
  stop(): void {
    this.#stream.write(showCursor)
    process.off('exit', this.#onExit)
  }

  /** To the start of the drawing: a terminal made narrower meanwhile has wrapped its lines. */
  #back(): string {
    const { columns } = this.#stream
    const rows = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0)
    return rows === 0 ? '\r' : `\x1b[${rows}A\r`
  }
}
