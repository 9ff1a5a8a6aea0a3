/** Takes the lock of a data folder, says so, and holds it until it is killed; says why when it cannot. */
import { lockDataDirectory } from '../../shared/data-directory.ts'

const [dir = ''] = process.argv.slice(2)
try {
  await lockDataDirectory(dir)
  process.stdout.write('held\n')
  setInterval(() => undefined, 60_000)
} catch (error) {
  process.stdout.write(`${(error as Error).name}\n`)
}
