/** `npm run clicks`: five tasks on the dashboard in Chromium, the clicks and keys that each takes, and whether its answer is right. */
import { launchChromium } from './chromium.ts'
import { clickTable } from './click-table.ts'
import { startTaskWorld } from './task-world.ts'
import { type Done, doTask, openForTasks, tasks } from './tasks.ts'

const world = await startTaskWorld()
const browser = await launchChromium()
const done: Done[] = []
try {
  const visitor = await openForTasks(browser, world)
  for (const task of tasks) done.push(await doTask(task, visitor, browser, world))
} finally {
  await browser.close()
  await world.whole.remove()
}
process.stdout.write(`${clickTable(done)}\n\n`)
for (const { name, tookMs, answer, expected, complaints } of done) {
  process.stdout.write(`${name}: ${answer} (${(tookMs / 1000).toFixed(1)} s)\n`)
  if (answer === expected && complaints.length === 0) continue
  process.stdout.write(
    `  wrong: counted independently it is ${expected}; the browser says: ${complaints.join('; ') || '–'}\n`,
  )
  process.exitCode = 1
}
