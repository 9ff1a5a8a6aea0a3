/** What the running settings make of a clause; of the others there is nothing to set. */
import { releasedDatasets } from '../../shared/catalogue.ts'
import { anyVersion } from '../../shared/policy/policy-version.ts'
import { rawGoneMs } from '../../shared/retention/limits.ts'
import { hourMs } from '../../shared/window.ts'
import type { FactsDeps } from './privacy-facts.ts'

const rawGone = `${rawGoneMs / hourMs} hours`

const byClause: Readonly<Record<string, (deps: FactsDeps) => string>> = {
  'collect-ip': ({ config }) =>
    `${config.geoipMmdb === '' ? 'no country is looked up' : 'the country is looked up'}; the address is gone from every file after ${rawGone}`,
  'collect-device': () => `gone from every file after ${rawGone}`,
  'collect-cookie': ({ config }) =>
    config.cookie ? `the cookie is on and lives ${config.cookieDays} days` : 'the cookie is off',
  'collect-browser': ({ catalogue }) =>
    `${sizeOf(catalogue, 'client.browser')} browsers, ${sizeOf(catalogue, 'client.os')} systems and ${sizeOf(catalogue, 'client.device_type')} kinds of device are told apart`,
  'collect-feature': ({ catalogue }) => `${catalogue.features.length} features are counted`,
  'cookies-off': ({ config }) =>
    config.cookie ? 'the cookie is on: refuse it and you are counted by the day' : 'the cookie is off for everybody',
  'not-identify': ({ config, catalogue }) => `k is ${config.k ?? catalogue.k}`,
  'share-aggregate': ({ catalogue }) => {
    const names = releasedDatasets(catalogue).map(({ title }) => title)
    return names.length === 0 ? 'nothing is released' : `released: ${names.join(', ')}`
  },
  'never-disclose': ({ catalogue }) => `a count of fewer than ${catalogue.releases.k} devices is never released`,
  delete: () => `raw records that are cut out are gone from every file after ${rawGone}`,
  'policy-change': ({ policy }) =>
    `version ${policy.version}; ${policy.minimum === anyVersion ? 'no minimum is required' : `${policy.minimum} is required at least`}`,
  contact: ({ config }) => (config.contact === '' ? 'the address in the policy' : config.contact),
}

export function settingsOfClause(id: string, deps: FactsDeps): string | undefined {
  return byClause[id]?.(deps)
}

function sizeOf({ dimensions }: FactsDeps['catalogue'], origin: string): number {
  const domain = dimensions.find((one) => one.origin === origin)?.domain
  return domain?.kind === 'values' ? domain.values.size : 0
}
