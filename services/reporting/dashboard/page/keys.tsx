/** What the keyboard does, and the dialog that says so. */
import { useLayoutEffect } from 'preact/hooks'
import { Dialog } from './dialog.tsx'

export type KeyActions = Readonly<Record<string, () => void>>

const told: readonly (readonly [string, string])[] = [
  ['d  w  m  y', 'Day, week, month, year'],
  ['t', 'The last 30 days, until today'],
  ['← →', 'The period before, the period after'],
  ['c', 'Compare: with the period before, with a year before, with nothing'],
  ['s', 'Share this view'],
  ['n', 'Notes'],
  ['Esc', 'Remove all filters'],
  ['?', 'This'],
]

/** Keys pressed in a field, in a dialog or with Alt, Ctrl or Meta held are somebody else's. */
export function useKeys(actions: KeyActions): void {
  // Before the paint: a key that is pressed at what is shown must not act on the view before it.
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const inField =
        event.target instanceof HTMLElement && event.target.closest('input, select, textarea, dialog, details[open]')
      if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing || inField) return
      const action = actions[event.key]
      if (!action) return
      event.preventDefault()
      action()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [actions])
}

export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {told.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
