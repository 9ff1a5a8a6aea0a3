/**
 * The inner loop of reading a body whose events are alike (../protocols/native-alike.ts): compares bytes, and copies ids and
 * times into the columns of a record, sixteen bytes at a time. AssemblyScript, made into scan-binary.ts by
 * `npm run build:scan`; a test makes it again and compares.
 *
 * After the body stand zeros, which no piece and no string has, so that nothing is found beyond it.
 */

const padding: u32 = 64
/** Most bytes of a body; each column has as much room, as what goes there is shorter than the event that it is of. */
export const bodyMax: u32 = 1 << 20
export const bodyAt: u32 = 1 << 16
export const idsAt: u32 = bodyAt + bodyMax + padding
export const timesAt: u32 = idsAt + bodyMax + padding
export const kindsAt: u32 = timesAt + bodyMax + padding

/** Why `resume` returns: the list of events is over, or does not go on as it should; */
const over = 0
const notAlike = 1
/** the event at `at` has a feature that was not met before, or a time in another form, or is of another record; */
const newFeature = 2
const otherTime = 3
const otherRecord = 4
/** an event was read whose feature is to be told each time. */
const toBeTold = 5

const comma: u8 = 0x2c
const space: u8 = 0x20
const quote: u8 = 0x22
const zero: u8 = 0x30
const idLengthMax: u32 = 256
const featuresMax: u32 = 64
/** Of a feature: where it stands first, and how long it is; its kind; its record; whether it is to be told. */
const featuresAt: u32 = 1024
const featureBytes: u32 = 20
/** `00` to `99`: two digits at once. */
const pairsAt: u32 = featuresAt + featuresMax * featureBytes
for (let value: u32 = 0; value < 100; value++) {
  store<u8>(pairsAt + value * 2, zero + <u8>(value / 10))
  store<u8>(pairsAt + value * 2, zero + <u8>(value % 10), 1)
}

let pieces0: u32 = 0
let pieces1: u32 = 0
let pieces2: u32 = 0
let pieces3: u32 = 0
let length0: u32 = 0
let length1: u32 = 0
let length2: u32 = 0
let length3: u32 = 0
let idSlot: u32 = 0
let timeSlot: u32 = 0
let betweenLength: u32 = 0
let sizeMax: u32 = 0
let features: u32 = 0
let record: u32 = 0
let givenTime: u32 = 0
let lastDate: u64 = 0
let lastDay: u32 = 0

/**
 * What the caller reads, in words from `stateAt` on, in this order: where the next event's separator should be; how many
 * events may still come; the ends of the columns of ids, times and kinds; and of the event that `resume` returned for its
 * record, and where its feature and its time begin and end.
 */
export const stateAt: u32 = 512

let bodyLength: u32 = 0
/** The highest end of the ids of this body, as they begin anew with each record. */
let idsTop: u32 = idsAt
let at: u32 = 0
let left: u32 = 0
let ids: u32 = idsAt
let times: u32 = timesAt
let kinds: u32 = kindsAt
let wanted: u32 = 0
let featureStart: u32 = 0
let featureEnd: u32 = 0
let timeStart: u32 = 0
let timeEnd: u32 = 0

/**
 * Begins with the body of `length` bytes that was put at `bodyAt`; its first event ends at `start`.
 * @param id the place of the id among the three slots, the first is 0; `time` the same
 * @param between how long the separator of events is: a comma, or a comma and a space
 * @param size most characters of id, time and feature together
 */
export function begin(length: u32, start: u32, events: u32, id: u32, time: u32, between: u32, size: u32): void {
  memory.fill(bodyAt + length, 0, padding)
  bodyLength = length
  at = start
  left = events
  idSlot = id
  timeSlot = time
  betweenLength = between
  sizeMax = size
  features = 0
  record = 0
  givenTime = 0
  clear()
}

/** The piece before slot `index`, or after the last slot; in the first event. */
export function setPiece(index: u32, start: u32, length: u32): void {
  if (index === 0) {
    pieces0 = start
    length0 = length
  } else if (index === 1) {
    pieces1 = start
    length1 = length
  } else if (index === 2) {
    pieces2 = start
    length2 = length
  } else {
    pieces3 = start
    length3 = length
  }
}

/** Nothing of the body stays: neither it nor the ids that were copied from it. */
export function forget(): void {
  clear()
  memory.fill(bodyAt, 0, bodyLength)
  memory.fill(idsAt, 0, idsTop - idsAt + padding)
  idsTop = idsAt
}

/** The columns are read: they begin anew. */
export function clear(): void {
  if (ids > idsTop) idsTop = ids
  ids = idsAt
  times = timesAt
  kinds = kindsAt
}

/** What to do with the feature between `featureStart` and `featureEnd`. False: there are too many different ones. */
export function addFeature(kind: u32, its: u32, isTold: bool): bool {
  if (features === featuresMax) return false
  const entry = featuresAt + features * featureBytes
  store<u32>(entry, featureStart)
  store<u32>(entry, featureEnd - featureStart, 4)
  store<u32>(entry, kind, 8)
  store<u32>(entry, its, 12)
  store<u32>(entry, isTold ? 1 : 0, 16)
  features++
  return true
}

/** Events go to this record from now on; 0 is none. */
export function turnTo(to: u32): void {
  record = to
}

/** The time of the event at `at` was put at `times`, with a comma after it, in so many bytes. */
export function giveTime(length: u32): void {
  givenTime = length
}

export function resume(): i32 {
  const outcome = readOn()
  store<u32>(stateAt, at)
  store<u32>(stateAt, left, 4)
  store<u32>(stateAt, ids, 8)
  store<u32>(stateAt, times, 12)
  store<u32>(stateAt, kinds, 16)
  store<u32>(stateAt, wanted, 20)
  store<u32>(stateAt, featureStart, 24)
  store<u32>(stateAt, featureEnd, 28)
  store<u32>(stateAt, timeStart, 32)
  store<u32>(stateAt, timeEnd, 36)
  return outcome
}

function readOn(): i32 {
  while (true) {
    const start = at + betweenLength
    if (load<u8>(at) !== comma || (betweenLength === 2 && load<u8>(at, 1) !== space)) return over
    if (left === 0 || !isSame(start, pieces0, length0)) return notAlike
    const start0 = start + length0
    const end0 = endOfString(start0)
    if (end0 === 0 || !isSame(end0, pieces1, length1)) return notAlike
    const start1 = end0 + length1
    const end1 = endOfString(start1)
    if (end1 === 0 || !isSame(end1, pieces2, length2)) return notAlike
    const start2 = end1 + length2
    const end2 = endOfString(start2)
    if (end2 === 0 || !isSame(end2, pieces3, length3)) return notAlike

    const idStart = pick(idSlot, start0, start1, start2)
    const idLength = pick(idSlot, end0, end1, end2) - idStart
    timeStart = pick(timeSlot, start0, start1, start2)
    timeEnd = pick(timeSlot, end0, end1, end2)
    const featureSlot = 3 - idSlot - timeSlot
    featureStart = pick(featureSlot, start0, start1, start2)
    featureEnd = pick(featureSlot, end0, end1, end2)
    if (idLength === 0 || idLength > idLengthMax) return notAlike
    if (idLength + (timeEnd - timeStart) + (featureEnd - featureStart) > sizeMax) return notAlike

    const entry = findFeature()
    if (entry === 0) return newFeature
    wanted = load<u32>(entry, 12)
    if (wanted !== record) return otherRecord
    if (givenTime !== 0) {
      times += givenTime
      givenTime = 0
    } else if (!addTime()) return otherTime
    addId(idStart, idLength)
    addKind(load<u32>(entry, 8))
    at = end2 + length3
    left--
    if (load<u32>(entry, 16) !== 0) return toBeTold
  }
}

function pick(slot: u32, first: u32, second: u32, third: u32): u32 {
  return select(first, select(second, third, slot === 1), slot === 0)
}

function isSame(one: u32, other: u32, length: u32): bool {
  let offset: u32 = 0
  for (; offset + 32 <= length; offset += 32) {
    const first = v128.xor(v128.load(one + offset), v128.load(other + offset))
    const second = v128.xor(v128.load(one + offset, 16), v128.load(other + offset, 16))
    if (v128.any_true(v128.or(first, second))) return false
  }
  if (offset + 16 <= length) {
    if (v128.any_true(v128.xor(v128.load(one + offset), v128.load(other + offset)))) return false
    offset += 16
  }
  const rest = (1 << (length - offset)) - 1
  return (i8x16.bitmask(i8x16.eq(v128.load(one + offset), v128.load(other + offset))) & rest) === rest
}

/** Where the string that begins at `start` has its quote; 0 if there is something before it that is not itself in JSON. */
function endOfString(start: u32): u32 {
  for (let from = start; ; from += 16) {
    const bytes = v128.load(from)
    // As signed numbers, what is not ASCII is below the space.
    const stops = v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      v128.or(i8x16.lt_s(bytes, i8x16.splat(0x20)), i8x16.eq(bytes, i8x16.splat(0x7f))),
    )
    const found = i8x16.bitmask(stops)
    if (found === 0) continue
    const stop = from + ctz(found)
    return load<u8>(stop) === quote ? stop : 0
  }
}

/** Its entry, or 0. */
function findFeature(): u32 {
  const length = featureEnd - featureStart
  const end = featuresAt + features * featureBytes
  for (let entry = featuresAt; entry < end; entry += featureBytes)
    if (load<u32>(entry, 4) === length && isSame(featureStart, load<u32>(entry), length)) return entry
  return 0
}

/** More is copied than the id is long; the next thing is written over it. */
function addId(start: u32, length: u32): void {
  store<u8>(ids, quote)
  for (let offset: u32 = 0; offset < length; offset += 16) v128.store(ids + 1 + offset, v128.load(start + offset))
  store<u8>(ids + 1 + length, quote)
  store<u8>(ids + 2 + length, comma)
  ids += length + 3
}

function addKind(kind: u32): void {
  const digits: u32 = kind < 10 ? 1 : kind < 100 ? 2 : kind < 1000 ? 3 : 4
  addDigits(kinds, kind, digits)
  store<u8>(kinds + digits, comma)
  kinds += digits + 1
}

function addDigits(to: u32, value: u32, digits: u32): void {
  let rest = value
  let digit = digits
  for (; digit >= 2; digit -= 2) {
    const hundredth = rest / 100
    store<u16>(to + digit - 2, load<u16>(pairsAt + (rest - hundredth * 100) * 2))
    rest = hundredth
  }
  if (digit === 1) store<u8>(to, zero + <u8>rest)
}

/** `2026-11-23T10:15:00.123Z`, or without the fraction, in the years whose seconds have ten digits; else false. */
function addTime(): bool {
  const length = timeEnd - timeStart
  const text = timeStart
  if ((length !== 24 && length !== 20) || load<u8>(text + length - 1) !== 0x5a) return false
  if (load<u8>(text, 10) !== 0x54 || load<u8>(text, 13) !== 0x3a || load<u8>(text, 16) !== 0x3a) return false
  const hour = pair(text + 11)
  const minute = pair(text + 14)
  const second = pair(text + 17)
  if (hour > 23 || minute > 59 || second > 59) return false
  let milliseconds: u32 = 0
  if (length === 24) {
    const tenth = <u32>load<u8>(text, 20) - zero
    const rest = pair(text + 21)
    if (load<u8>(text, 19) !== 0x2e || tenth > 9 || rest > 99) return false
    milliseconds = tenth * 100 + rest
  }
  const day = dayOf(text)
  if (day === 0) return false
  addDigits(times, day + (hour * 60 + minute) * 60 + second, 10)
  addDigits(times + 10, milliseconds, 3)
  store<u8>(times + 13, comma)
  times += 14
  return true
}

/** Seconds since the Unix epoch at the start of `2026-11-23`, which is mostly the day of the event before; 0: no such day. */
function dayOf(text: u32): u32 {
  // The year's century is compared by the check of the year's range.
  const date = load<u64>(text, 2)
  const century = pair(text)
  if (century !== 20) return 0
  if (date === lastDate) return lastDay
  const yearOfCentury = pair(text + 2)
  const month = pair(text + 5)
  const day = pair(text + 8)
  if (load<u8>(text, 4) !== 0x2d || load<u8>(text, 7) !== 0x2d || yearOfCentury < 2 || yearOfCentury > 99) return 0
  const year = 2000 + yearOfCentury
  if (month === 0 || month > 12 || day === 0 || day > daysOf(month, year)) return 0
  lastDay = daysBefore(year, month, day) * 86400
  lastDate = date
  return lastDay
}

/** 2000 is a leap year, and the only one of its kind until 2099. */
function daysOf(month: u32, year: u32): u32 {
  if (month === 2) return year % 4 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Days since 1970, by years that begin in March (howardhinnant.github.io/date_algorithms.html). */
function daysBefore(year: u32, month: u32, day: u32): u32 {
  const marchYear = month > 2 ? year : year - 1
  const sinceMarch = month > 2 ? month - 3 : month + 9
  const ofYear = (153 * sinceMarch + 2) / 5 + day - 1
  // 719,468 days from March of the year 0 to 1970; 2000 is divisible by 400.
  return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + ofYear - 719468
}

/** Two digits as a number; 127, which no part of a time can be, when one is none. */
function pair(text: u32): u32 {
  const tens = <u32>load<u8>(text) - zero
  const ones = <u32>load<u8>(text, 1) - zero
  return tens <= 9 && ones <= 9 ? tens * 10 + ones : 127
}
