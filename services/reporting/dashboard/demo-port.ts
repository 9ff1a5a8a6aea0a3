/** The demo as the page starts it: a simulated fleet that sends to this very installation, once, while it is empty. */
import type { DemoStatus } from './page-answers.ts'

export interface Demo {
  status(): Promise<DemoStatus>
  /**
   * Resolves when it has begun; it ends by itself.
   * @throws ProblemError 409 when there is anything that it would be mixed with, or it runs already
   */
  start(): Promise<DemoStatus>
}
