/** `npm run headcount -- <command>`: what operators do by hand. One file per command beside this one. */
import { Command, Option } from 'commander'
import { readConfig } from '../../shared/config.ts'
import { accessLogFormats } from '../importer/access-log-line.ts'
import { explain } from '../start-failure.ts'
import { closeDay } from './close.ts'
import { runDemo } from './demo.ts'
import { runDoctor } from './doctor.ts'
import { importFile } from './import.ts'
import { showKeys } from './keys.ts'

const program = new Command('headcount')
  .description('Usage telemetry that counts heads and never keeps names')
  .showHelpAfterError('(`npm run headcount -- --help` lists the commands)')

program
  .command('import')
  .description('count the requests of a web server access log, plain or gzip; the same lines are never counted twice')
  .argument('<file>', 'access log file')
  .addOption(new Option('--format <format>', 'format of the lines').choices(accessLogFormats).makeOptionMandatory())
  .option('--keep-bots', 'count crawlers too', false)
  .action((file: string, options: { format: (typeof accessLogFormats)[number]; keepBots: boolean }) =>
    importFile(readConfig(process.env), file, options),
  )

program
  .command('demo')
  .description('a simulated cluster and browsers send through the real HTTP door; a live table shows what arrives')
  .option('--seconds <n>', 'how long to send', '60')
  .option('--rate <n>', 'events a second', '50')
  .option('--seed <n>', 'seed of the simulation', '1')
  .action((options: { seconds: string; rate: string; seed: string }) => runDemo(readConfig(process.env), options))

program
  .command('doctor')
  .description('check this machine and installation; names the mend for what is wrong')
  .option('--settings', 'print every setting with its default and meaning', false)
  .action((options: { settings: boolean }) => runDoctor(process.env, options))

program
  .command('keys')
  .description('living epoch keys and when each is destroyed (never the keys themselves)')
  .action(() => showKeys(readConfig(process.env)))

program
  .command('close')
  .description('close a day now: its counts become final, its key is destroyed, later events of it are not counted')
  .argument('<day>', 'UTC day, for example 2026-11-23')
  .action((day: string) => closeDay(readConfig(process.env), day))

program.parseAsync().catch((error) => {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
})
