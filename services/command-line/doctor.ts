/** `headcount doctor`: looks at this machine and installation, and names the mend for what is wrong. */
import type { Catalogue } from '../../shared/catalogue.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'
import { type Config, readConfig, settings, variableName } from '../../shared/config.ts'
import { readLock } from '../../shared/data-directory.ts'
import { openLocator } from '../worker/locate.ts'
import { checkCertificate } from './doctor-certificate.ts'
import { checkDataDirectory, checkDisk } from './doctor-disk.ts'
import { checkEngines } from './doctor-engines.ts'
import { type Finding, fail, info, messageOf, ok, printFindings } from './doctor-findings.ts'
import { checkNode, checkPorts } from './doctor-machine.ts'
import { checkRunning } from './doctor-running.ts'

/**
 * Prints what was looked at, a line each, and sets exit code 1 if anything fails. Changes nothing, and prints no key.
 * @param settings prints the settings with their defaults and meanings instead
 */
export async function runDoctor(env: NodeJS.ProcessEnv, options: { settings: boolean }): Promise<void> {
  if (options.settings) {
    process.stdout.write(describeSettings())
    return
  }
  const findings = await examine(env)
  printFindings(findings)
  if (findings.some(({ level }) => level === 'FAIL')) process.exitCode = 1
}

async function examine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const findings: Finding[] = [await checkNode()]
  let config: Config
  try {
    config = readConfig(env)
    findings.push(ok('settings'))
  } catch (error) {
    // Nearly everything else depends on them; the engines do not.
    return [...findings, fail('settings', messageOf(error)), ...(await checkEngines())]
  }
  findings.push(checkCatalogue(config), await checkDisk(config.dataDir), ...(await checkDataDirectory(config.dataDir)))
  if (config.geoipMmdb !== '') findings.push(await checkLocator(config.geoipMmdb))
  findings.push(checkCertificate(config, Date.now()))
  const holder = await readLock(config.dataDir).catch(() => undefined)
  if (holder) findings.push(...(await checkRunning(config, holder)))
  else findings.push(info(`no installation runs on ${config.dataDir}`), ...(await checkPorts(config)))
  findings.push(...(await checkEngines()))
  findings.push(
    info(
      "embedded engines: analysts' read-only connection is enforced by the engine setting readonly=1; users and grants exist on a ClickHouse server only",
    ),
  )
  return findings
}

function checkCatalogue(config: Config): Finding {
  let catalogue: Catalogue
  try {
    catalogue = readCatalogue(config.catalogue)
  } catch (error) {
    return fail('catalogue', messageOf(error))
  }
  const { title, version, features, datasets } = catalogue
  return ok(`catalogue: ${title} ${version}, ${features.length} features, ${datasets.length} datasets`)
}

async function checkLocator(file: string): Promise<Finding> {
  try {
    await openLocator(file)
    return ok(`countries are looked up in ${file}`)
  } catch (error) {
    return fail('countries', messageOf(error))
  }
}

function describeSettings(): string {
  const rows = Object.entries(settings).map(([key, one]) => [variableName(key), one.default || '(empty)', one.describe])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = ([name = '', preset = '', meaning]: string[]) =>
    `${name.padEnd(widths[0]!)}  ${preset.padEnd(widths[1]!)}  ${meaning}`
  return `${rows.map(line).join('\n')}\n`
}
