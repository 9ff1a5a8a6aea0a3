/** `npm run clicks`: five tasks on the dashboard in Chromium, how many clicks and keys each takes, and whether its answer is right. */
import { launchChromium } from './chromium.ts'
import { documentedFlows } from './documented-flows.ts'
import { startTaskWorld } from './task-world.ts'
import { doTask, tasks } from './tasks.ts'

const world = await startTaskWorld()
const browser = await launchChromium()
try {
  const write = (line: string) => void process.stdout.write(`${line}\n`)
  write('task | clicks + keys | s | Plausible | Umami | what the page said')
  write('--- | --- | --- | --- | --- | ---')
  for (const task of tasks) {
    const { name, clicks, keys, tookMs, answer, expected, complaints } = await doTask(task, browser, world)
    const others = documentedFlows.find((flow) => flow.task === name)
    const told = (product: 'plausible' | 'umami') => others?.[product].steps.length ?? '–'
    write(
      `${name} | ${clicks} + ${keys} | ${(tookMs / 1000).toFixed(1)} | ${told('plausible')} | ${told('umami')} | ${answer}`,
    )
    if (answer !== expected || complaints.length > 0) {
      write(`  wrong: expected ${expected}; ${complaints.join('; ')}`)
      process.exitCode = 1
    }
  }
} finally {
  await browser.close()
  await world.whole.remove()
}
