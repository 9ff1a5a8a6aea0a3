/** `headcount forget|choice|access|node-key` as an operator types them, beside a running installation and without one. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Held } from '../../../services/collector/privacy/what-is-held.ts'
import { heldText } from '../../../services/command-line/subject.ts'
import { WholeInstallation } from '../../privacy/whole-installation.ts'
import { runCommand, temporaryFolder } from './command.ts'

async function caseEntries({ headcount }: WholeInstallation, caseId: string): Promise<string[]> {
  await headcount.worker.maintain()
  const found = []
  for await (const { event } of headcount.ledger.entries())
    if ('case' in event && event.case === caseId) found.push('what' in event ? event.what : event.kind)
  return found
}

it('acts through a running installation, and each act is in the ledger without the identifier', async () => {
  const world = await WholeInstallation.start()
  try {
    const run = (...args: string[]) => runCommand(args, { HEADCOUNT_DATA_DIR: world.dir })
    const whom = ['--device', 'node-1', '--case', 'C-1']
    const { collectorUrl, credentials } = world.headcount
    const send = async () => {
      const event = { id: `e${Math.random()}`, time: new Date(world.clock.now()).toISOString(), feature: 'services' }
      const response = await fetch(`${collectorUrl}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${credentials.writeKey}` },
        body: JSON.stringify({ events: [{ ...event, device: 'node-1' }] }),
      })
      return ((await response.json()) as { accepted: number }).accepted
    }
    assert.equal(await send(), 1)
    world.clock.advance(1000)
    const forgotten = await run('forget', ...whom, '--history')
    assert.equal(forgotten.code, 0, forgotten.output)
    assert.match(forgotten.output, /gone by 2026-11-23T14:0\d/)
    const chosen = await run('choice', 'opt-out', ...whom)
    assert.match(chosen.output, /nothing under the identifier is counted/)
    assert.equal(await send(), 0)
    const json = await run('access', ...whom, '--json')
    const held = JSON.parse(json.output) as Held
    assert.match(heldText(held), /^Choice: opt-out\.$/m)
    assert.match(heldText(held), /opted-out +127\.0\.0\.1 +1 +services$/m)
    // The key it prints is the one that the door takes.
    const key = (await run('node-key', 'node-1')).output.trim()
    const headers = { authorization: `Bearer ${key}` }
    assert.equal((await fetch(`${collectorUrl}/v1/privacy/access?device=node-1`, { headers })).status, 200)
    assert.equal((await fetch(`${collectorUrl}/v1/privacy/access?device=node-2`, { headers })).status, 403)
    assert.deepEqual((await caseEntries(world, 'C-1')).sort(), [
      ...['access', 'choice', 'history-removed'],
      'subject.deleted',
    ])
    for await (const entry of world.headcount.ledger.entries()) assert.ok(!JSON.stringify(entry).includes('node-1'))
  } finally {
    await world.remove()
  }
})

it('acts without a running installation too, and says what is wrong with what was typed', async () => {
  await using folder = await temporaryFolder()
  const run = (...args: string[]) => runCommand(args, { HEADCOUNT_DATA_DIR: folder.path })
  const secretless = await run('node-key', 'node-1')
  assert.equal(secretless.code, 1)
  assert.match(secretless.output, /^There is no secret to make the key from/)
  const two = await run('forget', '--device', 'd', '--cookie', 'c', '--case', 'C-2')
  assert.equal(two.code, 1)
  assert.match(two.output, /Name one identifier/)
  const named = await run('choice', 'opt-out', '--cluster', 'c', '--case', 'jane@example.org')
  assert.match(named.output, /names a matter and nobody/)
  assert.equal((await run('choice', 'opt-out', '--cluster', 'c', '--case', 'C-2')).code, 0)
  assert.match((await run('access', '--cluster', 'c', '--case', 'C-2')).output, /^Choice: opt-out\./)
})
