/** Who opted out stays so where the installation goes on, if both sides have the choice key; without it nothing is taken. */
import assert from 'node:assert/strict'
import { readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { ArchiveReader } from '../../../services/transfer/archive-folder.ts'
import { exportInstallation } from '../../../services/transfer/export-installation.ts'
import { restoreOptOuts } from '../../../services/transfer/opt-outs.ts'
import { type RestoreTools, restoreInstallation } from '../../../services/transfer/restore-installation.ts'
import { openEmbeddedChoiceLog } from '../../../shared/choices/embedded.ts'
import { choiceKeyFingerprint, choiceKeyFrom, createSubjectHash } from '../../../shared/choices/subject.ts'
import type { Config } from '../../../shared/config.ts'
import { openLedger } from '../../../shared/ledger/warehouse-ledger.ts'
import { temporaryDirectory } from '../../fixtures/headcount-process.ts'
import { configIn, stoppedAt, withRunning } from './filled-installation.ts'
import { withStoresOf } from './opened.ts'

const secret = 'the-choice-key-of-both-sides'
const subjectOf = createSubjectHash(choiceKeyFrom(secret))

let dir: string
let folder: string
before(async () => {
  dir = await temporaryDirectory()
  folder = path.join(dir, 'export')
})
after(() => rm(dir, { recursive: true, force: true, maxRetries: 10 }))

async function withChoices<T>(
  config: Config,
  use: (tools: RestoreTools & Required<Pick<RestoreTools, 'choices'>>) => Promise<T>,
): Promise<T> {
  const choiceKey = choiceKeyFrom(config.choiceKey)
  return await withStoresOf(config, async (tools) => {
    const log = await openEmbeddedChoiceLog({
      dir: path.join(config.dataDir, 'choices'),
      choiceKey,
      clock: tools.clock,
    })
    try {
      return await use({ ...tools, choices: { log, fingerprint: choiceKeyFingerprint(choiceKey) } })
    } finally {
      await log.close()
    }
  })
}

const isOut = ({ choices }: RestoreTools, device: string) =>
  choices?.log.choices.countedFrom(subjectOf('device', device)) === Number.POSITIVE_INFINITY

test('opt-outs that are in force go along, by their keyed hash; what was undone, and deletions, do not', async () => {
  const config = await configIn(dir, 'source', { HEADCOUNT_CHOICE_KEY: secret })
  await withChoices(config, async (tools) => {
    const { log } = tools.choices!
    const choose = (device: string, act: 'opt-out' | 'opt-in' | 'deletion') =>
      log.append({ subject: subjectOf('device', device), act, by: 'owner', policy: '1' })
    await choose('stays-out', 'opt-out')
    await choose('came-back', 'opt-out')
    await choose('came-back', 'opt-in')
    await choose('deleted', 'deletion')
    const ledger = await openLedger(tools)
    const wish = { dir: folder, leaveOpen: true, to: 'ACME', case: 'T-1' }
    const { manifest } = await exportInstallation({ ...tools, ledger }, wish)
    assert.equal(manifest.optOuts?.count, 1)
    await exportInstallation({ ...tools, ledger, choices: undefined }, { ...wish, dir: path.join(dir, 'without') })
  })
  const lines = (await readFile(path.join(folder, 'opt-outs-000000.ndjson'), 'utf8')).trimEnd()
  assert.deepEqual(JSON.parse(lines), { subject: subjectOf('device', 'stays-out'), by: 'owner', policy: '1' })
  assert.ok(!(await readdir(path.join(dir, 'without'))).some((name) => name.startsWith('opt-outs')))
})

test('another choice key: refused before anything is written', async () => {
  const config = await configIn(dir, 'other', { HEADCOUNT_CHOICE_KEY: 'another-choice-key-than-that' })
  await withChoices(config, async (tools) => {
    const restoring = restoreInstallation(tools, await ArchiveReader.open(folder), { revokePartners: false })
    await assert.rejects(restoring, /made under another choice key.*set HEADCOUNT_CHOICE_KEY/)
    assert.deepEqual(
      await tools.warehouse.select('SELECT name FROM system.tables WHERE database = currentDatabase()'),
      [],
    )
  })
})

test('the same key: who opted out is not counted by the other installation, and everybody else is', async () => {
  const config = await configIn(dir, 'target', { HEADCOUNT_CHOICE_KEY: secret })
  await withChoices(config, async (tools) => {
    const archive = await ArchiveReader.open(folder)
    const { optOuts } = await restoreInstallation(tools, archive, { revokePartners: false })
    assert.equal(optOuts, 1)
    assert.deepEqual(
      ['stays-out', 'came-back', 'deleted'].map((device) => isOut(tools, device)),
      [true, false, false],
    )
    assert.equal(await restoreOptOuts(archive, tools.choices!), 0, 'once more changes nothing')
  })
  await withRunning(config, stoppedAt, async ({ headcount, clock }) => {
    const send = async (device: string) => {
      const event = { id: `id-${device}`, time: new Date(clock.now()).toISOString(), feature: 'a', device }
      const answer = await fetch(`${headcount.collectorUrl}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${headcount.credentials.writeKey}` },
        body: JSON.stringify({ events: [event] }),
      })
      return ((await answer.json()) as { accepted: number }).accepted
    }
    assert.deepEqual([await send('stays-out'), await send('came-back'), await send('nobody-yet')], [0, 1, 1])
  })
})
