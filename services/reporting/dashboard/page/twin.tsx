/** A table that is made when it is opened: a page has a dozen of a hundred rows each, and few look at them. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Scroll } from './scroll.tsx'

/** @param children makes the table */
export function Twin({ of, children }: { of: string; children: () => ComponentChildren }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details class="twin" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        Table<span class="hide"> of {of}</span>
      </summary>
      {isOpen && <Scroll label={`Table of ${of}`}>{children()}</Scroll>}
    </details>
  )
}
