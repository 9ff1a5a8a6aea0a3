/** `npm run services:status`: whether the servers of `services:up` answer. Exit code 1 when one does not. */
import { spawnSync } from 'node:child_process'
import { connect } from 'node:net'
import { keptServers } from './kept-servers.ts'

const answerMsMax = 2000

const servers = await keptServers()
if (!servers && spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0)
  process.exit(spawnSync('docker', ['compose', 'ps'], { stdio: 'inherit' }).status ?? 1)
if (!servers) {
  process.stdout.write('Nothing runs; npm run services:up starts Kafka, Redis and ClickHouse.\n')
  process.exit(1)
}
let allAnswer = true
for (const [name, url] of Object.entries(servers)) {
  if (!name.startsWith('HEADCOUNT_')) continue
  for (const place of String(url)
    .replace(/^\w+:\/\/([^@/]*@)?/, '')
    .split('/')[0]
    ?.split(',') ?? []) {
    const answers = await accepts(place)
    allAnswer &&= answers
    process.stdout.write(`${answers ? 'answers   ' : 'NO ANSWER '} ${place.padEnd(22)} ${name}\n`)
  }
}
process.exit(allAnswer ? 0 : 1)

function accepts(place: string): Promise<boolean> {
  const [host = '', port] = place.split(':')
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: answerMsMax })
    const done = (answers: boolean) => {
      socket.destroy()
      resolve(answers)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
    socket.once('timeout', () => done(false))
  })
}
