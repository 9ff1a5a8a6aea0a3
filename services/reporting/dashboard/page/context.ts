/** What all panels are given. */
import type { Model } from './model.ts'
import type { ViewState } from './view-state.ts'

export interface PanelContext {
  readonly model: Model
  readonly state: ViewState
  /** ms since the Unix epoch, by the server's clock; moves on each minute. */
  readonly now: number
  /** Another number asks again. */
  readonly turn: number
  /** Shows another view, and puts it into the history. */
  change(state: ViewState): void
}
