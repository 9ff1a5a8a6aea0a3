/** That ports for servers are free, different, and never ones that the system gives to outgoing connections. */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { freePorts } from '../../../infra/services/free-ports.ts'

test('ports are different, below the ephemeral ones, and can be listened at', async () => {
  const ports = await freePorts(50)
  assert.equal(new Set(ports).size, 50)
  for (const port of ports) {
    assert.ok(port >= 16_000 && port < 32_000, `${port}`)
    const server = createServer()
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
    await new Promise((resolve) => server.close(resolve))
  }
})
