/** What `npm start` prints once everything works: where things are, and two commands that can be pasted. */
import type { Config } from '../shared/config.ts'
import type { Headcount } from './headcount.ts'

/**
 * @param seconds how long the start took
 * @param signIn a link that signs in to the dashboard
 */
export function welcome(
  { collectorUrl, collectorTlsUrl, reportingUrl, credentials, catalogue }: Headcount,
  config: Config,
  seconds: number,
  signIn: string,
): string {
  const k = config.k ?? catalogue.k
  const devices = Math.max(12, k + 2)
  const feature = catalogue.features.find(({ unit }) => unit === 'sender')?.id ?? ''
  const dataset = catalogue.datasets.find(({ dimensions }) => dimensions.includes('feature')) ?? catalogue.datasets[0]
  const by = dataset?.dimensions.includes('feature') ? '&by=feature' : ''
  const withTls = collectorTlsUrl === undefined ? '' : `\n             ${collectorTlsUrl}   the same, with TLS`
  return `
Ready after ${seconds.toFixed(1)} s: one event has gone through collector, event log, worker and table, and was seen by reporting.

  Dashboard  ${signIn}
             (signs in once; \`npm run headcount -- sign-in\` prints another)
  Collector  ${collectorUrl}   write key      ${credentials.writeKey}${withTls}
  Reporting  ${reportingUrl}   analyst token  ${credentials.analystToken}
  Data       ${config.dataDir}   (credentials.json has the keys; mode 0600)

Send an event from each of ${devices} devices${k > 1 ? ` (a cell of fewer than ${k} devices is not shown)` : ''}:

  ${sendCommand(collectorUrl, credentials.writeKey, feature, devices)}

See it a second later:

  curl -sS -H 'Authorization: Bearer ${credentials.analystToken}' '${reportingUrl}/api/v1/usage?dataset=${dataset?.id}${by}'

Look around: ${reportingUrl}/about (what there is), ${reportingUrl}/docs (API), ${collectorUrl}/v1/catalogue (what is collected).
Try \`npm run headcount -- demo\` for a simulated cluster. Ctrl-C stops and loses nothing.

`
}

/** One line for any POSIX shell: `seq` makes the devices, `sed` the events, `date` the time. */
function sendCommand(collectorUrl: string, writeKey: string, feature: string, devices: number): string {
  const event = `{\\"id\\":\\"hello-$(date +%s)-&\\",\\"time\\":\\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\",\\"feature\\":\\"${feature}\\",\\"device\\":\\"device-&\\"}`
  return `curl -sS ${collectorUrl}/v1/events -H 'Authorization: Bearer ${writeKey}' -H 'Content-Type: application/x-ndjson' --data-binary "$(seq ${devices} | sed "s|.*|${event}|")"`
}
