/** A box whose content may be wider or longer than it; reached by keyboard, so that it can be scrolled by it. */
import type { ComponentChildren } from 'preact'

export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: only what has the focus can be scrolled by keys
    <section class="scroll" tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
