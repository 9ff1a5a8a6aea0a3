/** The settings that matter to whoever is counted, with the values that this installation runs with. Never a secret. */
import { releasedDatasets } from '../../shared/catalogue.ts'
import { fraction, toNumber } from '../../shared/fraction.ts'
import { anyVersion } from '../../shared/policy/policy-version.ts'
import { epsilonOf } from '../release/privacy-loss.ts'
import type { FactsDeps } from './privacy-facts.ts'

/** At which ε is stated, as in the manifest of a release. */
const statedDelta = fraction(1, 10_000_000)

export interface ShownSetting {
  readonly name: string
  readonly value: string
}

export function shownSettings({ config, catalogue, policy }: FactsDeps): readonly ShownSetting[] {
  const released = releasedDatasets(catalogue).length
  const { rho, k, publishAfterHours } = catalogue.releases
  return [
    { name: 'Policy', value: `version ${policy.version}, since ${policy.since}` },
    {
      name: 'Oldest version that a sender may have agreed to',
      value: policy.minimum === anyVersion ? 'any' : policy.minimum,
    },
    { name: 'Catalogue of what is collected', value: `version ${catalogue.version}` },
    { name: 'Cookie', value: config.cookie ? `on, for ${config.cookieDays} days` : 'off' },
    { name: 'Countries', value: config.geoipMmdb === '' ? 'not looked up' : 'looked up from the address' },
    { name: 'Devices that a count must have to be seen inside', value: String(config.k ?? catalogue.k) },
    ...(released > 0
      ? [
          { name: 'Devices that a count must have to go to a partner', value: `${k}, and noise is added` },
          {
            name: 'What all partners together can learn of one device in a day',
            value: `at most ε ${epsilonOf(rho, statedDelta).toFixed(2)} (ρ ${toNumber(rho)})`,
          },
          { name: 'Releases are published', value: `${publishAfterHours} hours after a day's end` },
        ]
      : [{ name: 'Releases for partners', value: 'none' }]),
    { name: 'Events are kept in', value: engine(config.eventLogUrl) },
    { name: 'Keys are kept in', value: engine(config.keyValueUrl) },
    { name: 'Counts are kept in', value: engine(config.warehouseUrl) },
  ]
}

/** The kind of engine; where it is concerns nobody outside. */
function engine(url: string): string {
  const scheme = url.slice(0, url.indexOf(':'))
  const names: Record<string, string> = { kafka: 'Apache Kafka', redis: 'Redis', rediss: 'Redis' }
  if (scheme === 'embedded') return 'files of this process'
  return names[scheme] ?? 'a ClickHouse server'
}
