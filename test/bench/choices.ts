/**
 * What honouring choices costs a worker: `node --import tsx test/bench/choices.ts [rounds]`. Processor time per event of all
 * steps, without a book, with one in which nobody has chosen, and with 100,000 who have; for records of 100 events of
 * devices that come again, and for records of 10 of so many devices that no subject is still known from before.
 */
import path from 'node:path'
import { median, startMeasured, withFolder } from './measured-process.ts'

const rounds = Number(process.argv[2] ?? 7)
const warmUpRounds = 2
const eventsPerRound = 200_000
const books = { 'no book': '', 'nobody has chosen': '0', '100,000 have': '100000' }
const loads = [
  { title: 'records of 100 events, 5,000 devices', devices: 5000, events: 100 },
  { title: 'records of 10 events, 200,000 devices', devices: 200_000, events: 10 },
]

for (const { title, devices, events } of loads)
  await withFolder(async (dir) => {
    const names = Object.keys(books) as (keyof typeof books)[]
    const workers = await Promise.all(
      names.map((name, index) => {
        const args = [path.join(dir, String(index)), '1', String(devices), books[name], String(events)]
        return startMeasured('worker-process.ts', args)
      }),
    )
    const costs = names.map((): number[] => [])
    for (let round = 0; round < warmUpRounds + rounds; round++)
      for (const [index, worker] of workers.entries()) {
        const { seconds } = await worker.ask<{ seconds: number }>({ events: eventsPerRound })
        if (round >= warmUpRounds) costs[index]?.push((seconds / eventsPerRound) * 1e6)
      }
    for (const worker of workers) await worker[Symbol.asyncDispose]()
    process.stdout.write(`${title}\n`)
    for (const [index, name] of names.entries()) {
      const ratio = median((costs[index] ?? []).map((cost, round) => cost / (costs[0]?.[round] ?? cost)))
      process.stdout.write(
        `  ${name.padEnd(18)} ${median(costs[index] ?? []).toFixed(2)} µs an event, ×${ratio.toFixed(3)}\n`,
      )
    }
  })
