/**
 * locate: the address becomes a country code, if the operator has set HEADCOUNT_GEOIP_MMDB; nothing finer is ever read
 * from the database. Off by default: then every country is `(none)`.
 */
import { readFile } from 'node:fs/promises'
import { type CountryResponse, Reader } from 'mmdb-lib'
import { ConfigError } from '../../shared/config.ts'
import type { Observation } from './observation.ts'

/** ISO 3166-1 alpha-2 code of an address, '' when unknown. */
export type Locate = (ip: string) => string

/** What is used without a database. */
export const locateNowhere: Locate = () => ''

/**
 * @param file path of a MaxMind DB with countries, '' for none
 * @throws ConfigError when the file cannot be read or is no such database
 */
export async function openLocator(file: string): Promise<Locate> {
  if (file === '') return locateNowhere
  let reader: Reader<CountryResponse>
  try {
    reader = new Reader<CountryResponse>(await readFile(file))
  } catch (error) {
    throw new ConfigError(
      `HEADCOUNT_GEOIP_MMDB is ${file}: ${(error as Error).message}; set it to a readable .mmdb file with countries, or leave it out`,
    )
  }
  return (ip) => {
    try {
      return reader.get(ip)?.country?.iso_code ?? ''
    } catch {
      return ''
    }
  }
}

/** Pipeline step: fills the sender's country, once per record. */
export function locate(seen: Observation, tools: { locate: Locate }): Observation {
  seen.sender.country ??= tools.locate(seen.sender.ip)
  return seen
}
