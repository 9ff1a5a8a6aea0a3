/**
 * What remembering ids costs: `node --import tsx test/bench/seen-ids.ts [folder]`. Time per new id with merges and
 * spills, per lookup of an unknown and of a known id (processor time), the longest hold of the event loop, and resident memory.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SeenIds } from '../../services/worker/seen-ids.ts'

const million = 1_000_000
const lookups = 500_000
const folder = mkdtempSync(path.join(process.argv[2] ?? tmpdir(), 'seen-ids-'))
const words = new Uint32Array(4)
const hash = new Uint8Array(words.buffer)

/** The hash of number `n`: mixed well enough to pass for SHA-256 here. */
function hashOf(n: number): Uint8Array {
  let x = n
  for (let word = 0; word < 4; word++) {
    x = Math.imul(x ^ (x >>> 16) ^ Math.imul(word + 1, 0x9e3779b9), 0x21f0aaad)
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
    x ^= x >>> 15
    words[word] = x
  }
  return hash
}

/** Processor time, so that what else runs on the machine counts as little as possible. */
function cpuNs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1000
}

function nsPerCall(calls: number, call: (n: number) => void): number {
  const start = cpuNs()
  for (let n = 0; n < calls; n++) call(n)
  return (cpuNs() - start) / calls
}

const residentMb = () => process.memoryUsage().rss / 2 ** 20
const seen = SeenIds.open({ windowMs: Number.POSITIVE_INFINITY, scratchDir: path.join(folder, 'ids') })
const hashNs = nsPerCall(million, hashOf)
console.log(`making a hash: ${hashNs.toFixed(0)} ns, taken off below`)
let at = 0
let base = 0
for (const target of [0.4, 1, 2, 5, 8, 10].map((millions) => millions * million)) {
  let longestMs = 0
  const from = at
  let wrong = 0
  const start = cpuNs()
  let before = performance.now()
  while (at < target) {
    for (let n = 0; n < 64; n++, at++) if (seen.isDuplicate(hashOf(at), at, at)) wrong++
    const now = performance.now()
    longestMs = Math.max(longestMs, now - before)
    before = now
  }
  const addNs = (cpuNs() - start) / (at - from) - hashNs
  const unknownNs = nsPerCall(lookups, (n) => void (seen.has(hashOf(2 ** 30 + n), 2 ** 40, at) && wrong++)) - hashNs
  const stride = Math.floor(at / lookups) || 1
  const knownNs = nsPerCall(lookups, (n) => void (seen.has(hashOf((n * stride) % at), 2 ** 40, at) || wrong++)) - hashNs
  if (target === million) base = residentMb()
  console.log(
    `${(at / million).toFixed(1).padStart(4)} M ids, ${seen.segments} segments: ` +
      `new ${addNs.toFixed(0)} ns, unknown ${unknownNs.toFixed(0)} ns, known ${knownNs.toFixed(0)} ns, ` +
      `longest 64 calls ${longestMs.toFixed(1)} ms, resident ${residentMb().toFixed(0)} MB` +
      (base ? ` (${(residentMb() - base).toFixed(0)} more than at 1 M)` : '') +
      `, wrong ${wrong}`,
  )
}
seen.close()
rmSync(folder, { recursive: true })
