/** `npm run headcount -- <command>`: what operators do by hand. One file per command beside this one. */
import { Argument, Command, Option } from 'commander'
import { readConfig } from '../../shared/config.ts'
import { accessLogFormats } from '../importer/access-log-line.ts'
import type { SubjectWish } from '../operator/subject-desk.ts'
import { explain } from '../start-failure.ts'
import { type AuditOptions, runAudit } from './audit.ts'
import { closeDay } from './close.ts'
import { runDemo } from './demo.ts'
import { runDoctor } from './doctor.ts'
import { type ExportOptions, exportAll } from './export-all.ts'
import { type HoldPlaceOptions, listHolds, placeHold, releaseHold } from './hold.ts'
import { importFile } from './import.ts'
import { showKeys } from './keys.ts'
import { verifyLedgerChain } from './ledger.ts'
import { addPartnerKey, listPartnerKeys, type PartnerAddOptions, revokePartnerKey } from './partner.ts'
import { releaseDay } from './release.ts'
import { type RestoreOptions, restore } from './restore.ts'
import { showRetention } from './retention.ts'
import { printSignInLink } from './sign-in.ts'
import { chooseForSubject, forgetSubject, showHeld, showNodeKey } from './subject.ts'
import { showUndeclared, type UndeclaredOptions } from './undeclared.ts'

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

const several = (one: string, before: string[]) => [...before, one]
program
  .command('audit')
  .description('check the promises of the policy on this installation as it stands; a table to be filed')
  .option('--json', 'the same as JSON', false)
  .option('--collector <url>', 'where a collector answers; may be repeated', several, [])
  .option('--worker <url>', 'where a worker answers; may be repeated', several, [])
  .option('--reporting <url>', 'where reporting answers; may be repeated', several, [])
  .option('--log <file>', 'a file that log lines of a process go to; may be repeated', several, [])
  .option('--head <seq:hash>', 'a head of the ledger that somebody else kept')
  .action((options: AuditOptions) => runAudit(readConfig(process.env), options))

program
  .command('sign-in')
  .description('print a link that signs in to the dashboard, once, within a day')
  .option('--admin', 'as admin instead of as analyst', false)
  .action((options: { admin: boolean }) => printSignInLink(readConfig(process.env), options))

program
  .command('undeclared')
  .description(
    'what senders use that the catalogue does not declare, by the shape of its name, from the running collectors',
  )
  .option('--name <name>', 'tell how often this name or path came; may be repeated', several, [])
  .option('--collector <url>', 'where a collector answers; may be repeated', several, [])
  .option('--json', 'as JSON', false)
  .action((options: UndeclaredOptions) => showUndeclared(readConfig(process.env), options))

program
  .command('keys')
  .description('living epoch keys and when each is destroyed (never the keys themselves)')
  .action(() => showKeys(readConfig(process.env)))

program
  .command('close')
  .description('close a day now: its counts become final, its key is destroyed, later events of it are not counted')
  .argument('<day>', 'UTC day, for example 2026-11-23')
  .action((day: string) => closeDay(readConfig(process.env), day))

program
  .command('release')
  .description('close a day, draw its release once and publish it; partners read frozen, noisy counts of it')
  .requiredOption('--day <day>', 'UTC day, for example 2026-11-23')
  .option('--unfinished', 'also a day that is not over: nothing of its rest is counted', false)
  .action((options: { day: string; unfinished: boolean }) => releaseDay(readConfig(process.env), options))

program
  .command('retention')
  .description('every kind of data that is kept: how much of it is there, and when the oldest goes')
  .option('--table', 'the list itself as Markdown, without looking at an installation', false)
  .action((options: { table: boolean }) => showRetention(readConfig(process.env), options))

/** Of the commands that are about somebody. */
const ofSubject = (name: string, what: string) =>
  program
    .command(name)
    .description(what)
    .option('--device <id>', 'a device or a node')
    .option('--cookie <id>', 'a browser by the value of its cookie')
    .option('--cluster <id>', 'a cluster')
    .requiredOption('--case <id>', 'on which it is done; the ledger keeps it for good, so it names a matter and nobody')

ofSubject('forget', 'cut out what was received under an identifier: it is in no later count or release, and expires')
  .option('--history', 'remove earlier choices too; an opt-out that holds stays', false)
  .action((wish: SubjectWish) => forgetSubject(readConfig(process.env), wish))
ofSubject('choice', 'choose for somebody: opt-out or opt-in')
  .addArgument(new Argument('<choice>', 'from now on').choices(['opt-out', 'opt-in']))
  .action((choice: string, wish: SubjectWish) => chooseForSubject(readConfig(process.env), choice, wish))
ofSubject('access', 'what is held under an identifier: choices, and raw records that have not expired')
  .option('--json', 'everything, with each event', false)
  .action((wish: SubjectWish & { json: boolean }) => showHeld(readConfig(process.env), wish))
program
  .command('node-key')
  .description('the key by which a node speaks for itself: to opt out or in, to see and to delete what is held')
  .argument('<device>', 'as the node sends it')
  .action((device: string) => showNodeKey(readConfig(process.env), device))

const hold = program.command('hold').description('legal holds: what is kept beyond its time, by case')
hold
  .command('place')
  .description('from now on nothing that the hold covers is removed; the ledger says so for good')
  .argument('<case>', 'the case id; it names the matter, not a person')
  .requiredOption('--why <text>', 'why; it stands in the ledger')
  .option('--covers <kinds>', 'aggregates, ledger, or both with a comma', 'aggregates,ledger')
  .option('--raw', 'raw records too: only by an order, until a time that is named', false)
  .option('--until <date>', 'of raw records: when the hold ends by itself, a date or RFC 3339')
  .option('--order <ref>', 'of raw records: the order that demands it')
  .action((caseId: string, options: HoldPlaceOptions) => placeHold(readConfig(process.env), caseId, options))
hold
  .command('release')
  .description('end a hold: what is past its time goes with the next upkeep')
  .argument('<case>', 'as `hold list` has it')
  .requiredOption('--why <text>', 'why; it stands in the ledger')
  .action((caseId: string, options: { why: string }) => releaseHold(readConfig(process.env), caseId, options))
hold
  .command('list')
  .description('every hold that was ever placed, and which still hold')
  .action(() => listHolds(readConfig(process.env)))

program
  .command('export-all')
  .description('counts, releases and ledger, whole, into a folder, for another installation; no raw record and no key')
  .argument('<dir>', 'folder to make')
  .requiredOption('--to <text>', 'who it is for; it stands in the ledger')
  .requiredOption('--case <id>', 'which matter; it stands in the ledger')
  .addOption(
    new Option(
      '--open <what>',
      'what becomes of open days, weeks and months: without, they are a reason to refuse',
    ).choices(['close', 'leave-out']),
  )
  .option('--with-opt-outs', 'also the keyed hashes of who opted out; who restores them needs the choice key', false)
  .action((dir: string, options: ExportOptions) => exportAll(readConfig(process.env), dir, options))

program
  .command('restore')
  .description('an export into an empty installation; everything is checked before and read back after')
  .argument('<dir>', 'folder that `export-all` made')
  .option('--sha256 <hash>', 'of the export, as `export-all` printed it')
  .option('--revoke-partners', 'no partner may go on reading with the key that it has', false)
  .option('--without-opt-outs', 'leave out the opt-outs that the export has', false)
  .action((dir: string, options: RestoreOptions) => restore(readConfig(process.env), dir, options))

const partner = program.command('partner').description('who may read releases')
partner
  .command('add')
  .description('register a partner; its key is shown once')
  .argument('<name>', 'who it is')
  .requiredOption('--datasets <ids>', 'datasets that it may read, comma-separated')
  .requiredOption('--purpose <text>', 'what it is for; it stands in the ledger')
  .requiredOption('--until <date>', 'when the key ends: a date or RFC 3339')
  .option('--profile <file>', 'also write a Delta Sharing profile file')
  .action((name: string, options: PartnerAddOptions) => addPartnerKey(readConfig(process.env), name, options))
partner
  .command('revoke')
  .description('refuse its key from now on')
  .argument('<id>', 'as `partner list` has it')
  .action((id: string) => revokePartnerKey(readConfig(process.env), id))
partner
  .command('list')
  .description('all partners, never their keys')
  .action(() => listPartnerKeys(readConfig(process.env)))

program
  .command('ledger')
  .description('the ledger of budget, releases and disclosures')
  .command('verify')
  .description('check every entry of the chain')
  .option('--head <seq:hash>', 'a head that a partner kept (header Headcount-Ledger-Head)')
  .action((options: { head?: string }) => verifyLedgerChain(readConfig(process.env), options))

program.parseAsync().catch((error) => {
  process.stderr.write(`${explain(error)}\n`)
  process.exit(1)
})
