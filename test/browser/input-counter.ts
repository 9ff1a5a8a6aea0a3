/** Counts what a person's hands do on a page: presses of the mouse and of keys, as the browser itself sees them. */
import type { BrowserContext, Page } from 'playwright-core'

export interface Inputs {
  readonly clicks: number
  readonly keys: number
}

/** From now on in every page of the context, from 0 with each document. Events that scripts make are not counted. */
export async function countInputs(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const page = globalThis as unknown as { inputs: { clicks: number; keys: number } } & Pick<
      EventTarget,
      'addEventListener'
    >
    page.inputs = { clicks: 0, keys: 0 }
    page.addEventListener('pointerdown', ({ isTrusted }) => isTrusted && page.inputs.clicks++, true)
    page.addEventListener('keydown', ({ isTrusted }) => isTrusted && page.inputs.keys++, true)
  })
}

export function inputsOf(page: Page): Promise<Inputs> {
  return page.evaluate(() => (globalThis as unknown as { inputs: Inputs }).inputs)
}
