/** Answers of the last seconds, for panels that have the same question. */
import { askTogether } from './ask-together.ts'

const keptMs = 20_000
const keptMax = 300
const kept = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>()

/** As `ask`, but the same question within 20 s, as several panels have it, is asked once. */
export function askOnce<T>(path: string): Promise<T> {
  const known = kept.get(path)
  if (known && Date.now() - known.at < keptMs) return known.answer as Promise<T>
  const answer = askTogether<T>(path)
  kept.delete(path)
  kept.set(path, { at: Date.now(), answer })
  answer.catch(() => kept.delete(path))
  if (kept.size > keptMax) kept.delete(kept.keys().next().value as string)
  return answer
}

export function forget(): void {
  kept.clear()
}
