/** A plot with axes as SVG text: a few marks, nothing from elsewhere, colours by class so that they follow light and dark. */

export interface Axis {
  /** Smallest and largest value shown. */
  readonly from: number
  readonly to: number
  readonly isLog?: boolean
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
  readonly title: string
}

export interface Frame {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export type Point = readonly [x: number, y: number]

export class Plot {
  readonly #frame: Frame
  readonly #x: Axis
  readonly #y: Axis
  readonly #marks: string[] = []

  constructor(frame: Frame, x: Axis, y: Axis) {
    this.#frame = frame
    this.#x = x
    this.#y = y
  }

  line(points: readonly Point[], name: string): void {
    this.#marks.push(
      `<path class="line ${name}" d="M${points.map((point) => this.#place(point).join(' ')).join(' L')}"/>`,
    )
  }

  dot(point: Point, name: string): void {
    const [x, y] = this.#place(point)
    this.#marks.push(`<circle class="dot ${name}" cx="${x}" cy="${y}" r="4"/>`)
  }

  diamond(point: Point, name: string): void {
    const [x, y] = this.#place(point)
    this.#marks.push(`<path class="diamond ${name}" d="M${x} ${round(y - 6)} l6 6 l-6 6 l-6 -6 z"/>`)
  }

  text(point: Point, text: string, name: string, shift: Point = [0, 0]): void {
    const [x, y] = this.#place(point)
    this.#marks.push(`<text class="${name}" x="${round(x + shift[0])}" y="${round(y + shift[1])}">${text}</text>`)
  }

  svg(): string {
    const { left, top, width, height } = this.#frame
    const bottom = top + height
    const parts = [`<path class="axis" d="M${left} ${top} V${bottom} H${left + width}"/>`]
    for (const { at, label } of this.#x.ticks) {
      const [x] = this.#place([at, this.#y.from])
      parts.push(`<path class="grid" d="M${x} ${top} V${bottom}"/>`)
      parts.push(`<text class="tick" x="${x}" y="${bottom + 17}" text-anchor="middle">${label}</text>`)
    }
    for (const { at, label } of this.#y.ticks) {
      const [, y] = this.#place([this.#x.from, at])
      parts.push(`<path class="grid" d="M${left} ${y} H${left + width}"/>`)
      parts.push(`<text class="tick" x="${left - 7}" y="${round(y + 4)}" text-anchor="end">${label}</text>`)
    }
    parts.push(`<text class="name" x="8" y="${top - 12}">${this.#y.title}</text>`)
    parts.push(`<text class="tick" x="${left + width}" y="${bottom + 35}" text-anchor="end">${this.#x.title}</text>`)
    return [...parts, ...this.#marks].join('\n')
  }

  #place([x, y]: Point): [number, number] {
    const { left, top, width, height } = this.#frame
    return [round(left + part(this.#x, x) * width), round(top + (1 - part(this.#y, y)) * height)]
  }
}

function part({ from, to, isLog }: Axis, value: number): number {
  return isLog ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
