/** The compiled inner loop of reading bodies whose events are alike; what each export does is said in scan.as.ts. */
import { scanBinary } from './scan-binary.ts'

/** Why `resume` returned. */
export const scanned = {
  over: 0,
  notAlike: 1,
  newFeature: 2,
  otherTime: 3,
  otherRecord: 4,
  toBeTold: 5,
} as const

/** What `resume` leaves to be read: the places in `Scan.state`. */
export const place = {
  at: 0,
  left: 1,
  ids: 2,
  times: 3,
  kinds: 4,
  wanted: 5,
  featureStart: 6,
  featureEnd: 7,
  timeStart: 8,
  timeEnd: 9,
} as const

interface Exported {
  readonly value: number
}

interface ScanExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly bodyMax: Exported
  readonly bodyAt: Exported
  readonly idsAt: Exported
  readonly timesAt: Exported
  readonly kindsAt: Exported
  readonly stateAt: Exported
  begin(
    length: number,
    start: number,
    events: number,
    idSlot: number,
    timeSlot: number,
    betweenLength: number,
    sizeMax: number,
  ): void
  setPiece(index: number, start: number, length: number): void
  clear(): void
  forget(): void
  addFeature(kind: number, record: number, isTold: boolean): number
  turnTo(record: number): void
  giveTime(length: number): void
  resume(): number
}

export interface Scan {
  readonly exports: ScanExports
  /** Its whole memory. */
  readonly bytes: Buffer
  /** By `place`. */
  readonly state: Uint32Array
  /** Where the body and the columns begin; most bytes of a body. */
  readonly bodyAt: number
  readonly bodyMax: number
  readonly idsAt: number
  readonly timesAt: number
  readonly kindsAt: number
}

/** As far as it is needed here; the types of Node 20 have its names alone. */
const { Module, Instance, validate } = (globalThis as unknown as { WebAssembly: WebAssemblyParts }).WebAssembly

interface WebAssemblyParts {
  validate(binary: Uint8Array): boolean
  readonly Module: new (binary: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

function open(): Scan | undefined {
  const binary = Buffer.from(scanBinary, 'base64')
  // Slower without: everything goes to the parser.
  if (!validate(binary)) return undefined
  const exports = new Instance(new Module(binary)).exports as ScanExports
  const { memory, stateAt, bodyAt, bodyMax, idsAt, timesAt, kindsAt } = exports
  return {
    exports,
    bytes: Buffer.from(memory.buffer),
    state: new Uint32Array(memory.buffer, stateAt.value, Object.keys(place).length),
    ...{ bodyAt: bodyAt.value, bodyMax: bodyMax.value },
    // Read once: a look at an exported value takes as long as reading a third of an event.
    ...{ idsAt: idsAt.value, timesAt: timesAt.value, kindsAt: kindsAt.value },
  }
}

/** One for the process: a body is read without a wait. Undefined where the processor has no 128-bit SIMD. */
export const scan: Scan | undefined = open()
