/** `npm run services:down`: stops what `services:up` started; their data stays. */
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, keptServers } from './kept-servers.ts'

const servers = await keptServers()
if (servers) {
  process.kill(servers.keeper, 'SIGTERM')
  while (isAlive(servers.keeper)) await sleep(100)
  process.stdout.write('They are stopped; their data stays in .services.\n')
} else if (spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0) {
  process.exit(spawnSync('docker', ['compose', 'down'], { stdio: 'inherit' }).status ?? 1)
} else process.stdout.write('Nothing runs that services:up started.\n')
