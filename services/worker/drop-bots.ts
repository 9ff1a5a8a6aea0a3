/** drop bots: crawlers are not heads. Only on routes that browsers use: `isbot` takes honest programs for bots too. */
import { isbot } from 'isbot'
import { Drop } from '../../shared/drop-reason.ts'
import type { Observation } from './observation.ts'

export function dropBots(seen: Observation): Observation | Drop {
  const { sender } = seen
  if (sender.route !== 'browser' && sender.route !== 'import') return seen
  sender.isBot ??= isbot(sender.userAgent)
  return sender.isBot ? new Drop('bot') : seen
}
