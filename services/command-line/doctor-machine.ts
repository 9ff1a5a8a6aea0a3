/** The doctor on what is there before an installation runs: Node and ports. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { type Config, variableName } from '../../shared/config.ts'
import { type Finding, fail, messageOf, ok } from './doctor-findings.ts'

/** Node is at least the version that package.json asks for. */
export async function checkNode(version = process.versions.node): Promise<Finding> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  const { engines } = JSON.parse(manifest) as { engines: { node: string } }
  const wanted = /\d+(\.\d+)*/.exec(engines.node)?.[0] ?? '0'
  if (compare(version, wanted) >= 0) return ok(`Node ${version}`)
  return fail(`Node ${version}`, `${wanted} or newer is needed: install it, for example from https://nodejs.org`)
}

/** Both servers can listen where the settings say. Only asked when no installation runs. */
export async function checkPorts(config: Config): Promise<Finding[]> {
  const findings: Finding[] = []
  const servers = [
    ['collectorPort', 'collector'],
    ...(config.tlsCert === '' ? [] : [['collectorTlsPort', 'collector with TLS'] as const]),
    ['reportingPort', 'reporting'],
  ] as const
  const taken = new Map<number, string>()
  for (const [key, server] of servers) {
    const [port, variable] = [config[key], variableName(key)]
    const other = taken.get(port)
    taken.set(port, server)
    if (port !== 0 && other !== undefined)
      findings.push(fail(`port ${port} of ${server}`, `the ${other} has the same; set ${variable} to another`))
    else findings.push(await checkPort(config.host, port, server, variable))
  }
  return findings
}

async function checkPort(host: string, port: number, server: string, variable: string): Promise<Finding> {
  const what = port === 0 ? `a port for ${server}, to be picked,` : `port ${port} of ${server}`
  try {
    await listenOnce(host, port)
    return ok(`${what} is free on ${host}`)
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'EADDRINUSE':
        return fail(what, `another program has it; stop that one, or set ${variable} to another port (0 picks one)`)
      case 'EACCES':
        return fail(what, `this user may not listen on it; set ${variable} to a port above 1023`)
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
        return fail(what, `${host} is no address of this machine; set HEADCOUNT_HOST to one that is, or leave it out`)
      default:
        return fail(what, messageOf(error))
    }
  }
}

function listenOnce(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  })
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  for (let at = 0; at < 3; at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
