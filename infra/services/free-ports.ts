/**
 * Ports for servers that are started, killed and started again on the same one. Below those that the system gives to
 * outgoing connections (32768 and up on Linux): one of these could be taken by a connection while its server is away, even
 * by a client's connection to itself.
 */
import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

const first = 16_000
const last = 32_000
const triesMax = 200

/**
 * As many TCP ports of 127.0.0.1 as asked for that nobody listens at now.
 * @throws Error when none can be found, with why the last one was not free
 */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = []
  try {
    // One after the other: each is held until all are found.
    while (servers.length < count) servers.push(await listenSomewhere())
    return servers.map((server) => (server.address() as { port: number }).port)
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

async function listenSomewhere(): Promise<Server> {
  for (let tries = 1; ; tries++) {
    try {
      return await listenAt(randomInt(first, last))
    } catch (error) {
      if (tries === triesMax) throw error
    }
  }
}

async function listenAt(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}
