import assert from 'node:assert/strict'
import { chmod, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Report } from '../../services/audit/report.ts'
import { addPartner } from '../../services/partners/partner-registry.ts'
import { systemClock } from '../../shared/clock.ts'
import { clauses } from '../../shared/policy/clauses.ts'
import { runCommand } from '../fixtures/headcount-process.ts'
import { AuditedInstallation } from './audited-installation.ts'
import { Auditor, assertPassed, lineOf } from './auditor.ts'
import { daysAgo, plantRelease } from './planted-in-stores.ts'

describe('headcount audit on a running installation in one process', () => {
  const auditor = new Auditor()
  let audited: AuditedInstallation
  before(async () => {
    audited = await AuditedInstallation.start()
    const { ledger, catalogue, engines } = audited.headcount
    await plantRelease({ warehouse: engines.warehouse, ledger, catalogue }, daysAgo(5))
    const wish = { name: 'ACME', datasets: ['usage'], purpose: 'a study', until: daysAgo(-300) }
    const { partner } = await addPartner(ledger, systemClock, wish, new Set(['usage']))
    const read = { kind: 'partner.read', partner, what: 'list', dataset: 'usage' } as const
    await ledger.append(() => ({ events: [read], result: undefined }))
  })
  after(async () => {
    await auditor.end()
    await audited.remove()
  })

  it('passes every line, says what it looked at, and leaves no copy of the tables behind', async () => {
    // As an audit that was killed leaves it.
    await mkdir(path.join(audited.dir, 'scratch', 'audit-killed', 'warehouse'), { recursive: true })
    const report = await auditor.audit(audited.auditSettings)
    assertPassed(report)
    assert.match(lineOf(report, 'releases').evidence, /^1 releases, 4 files/)
    assert.match(lineOf(report, 'disclosures').evidence, /^1 partners, 1 with a key that is good now; 1 reads/)
    assert.match(lineOf(report, 'canary-sent').evidence, /records with canaries found in the event log/)
    assert.equal(lineOf(report, 'canary-logs').verdict, 'WARN')
    const others = report.checks.filter(({ id }) => id !== 'canary-logs')
    assert.deepEqual(new Set(others.map(({ verdict }) => verdict)), new Set(['PASS']))
    const known: readonly string[] = clauses.map(({ id }) => id)
    for (const check of report.checks)
      assert.ok(
        check.clauses.every((id) => known.includes(id)),
        check.id,
      )
    assert.equal(report.engines, 'embedded')
    assert.match(report.policy.sha256, /^[0-9a-f]{64}$/)
    const scratch = await readdir(path.join(audited.dir, 'scratch'))
    assert.deepEqual(
      scratch.filter((name) => name.startsWith('audit-')),
      [],
    )
  })

  it('changes no number that analysts see, and has its canaries deleted by the case of its date', async () => {
    const { collectorUrl, reportingUrl, credentials, ledger } = audited.headcount
    const ask = async () => {
      const headers = { authorization: `Bearer ${credentials.analystToken}` }
      const answer = await fetch(`${reportingUrl}/api/v1/usage?dataset=usage&grain=minute&by=feature`, { headers })
      return ((await answer.json()) as { rows: unknown[]; suppressed: number }).suppressed
    }
    assert.equal(await ask(), 0)
    const report = await auditor.audit(audited.auditSettings)
    assert.equal(await ask(), 0)
    assert.match(report.remains.join('\n'), /3 of 3 deletions of them, case audit-\d{4}-/)
    // The control: an event of somebody who is counted is in the answer.
    const event = { id: 'control-1', time: new Date().toISOString(), feature: 'jobs', device: 'control' }
    await fetch(`${collectorUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credentials.writeKey}` },
      body: JSON.stringify({ events: [event] }),
    })
    const deadline = Date.now() + 10_000
    while ((await ask()) === 0) assert.ok(Date.now() < deadline, 'the control is not counted')
    const deletions = []
    for await (const { event } of ledger.entries()) if (event.kind === 'subject.deleted') deletions.push(event.case)
    assert.ok(deletions.length >= 3 && deletions.every((one) => one?.startsWith('audit-')))
  })

  it('passes while events come in and parts of the tables come and go', async () => {
    const { collectorUrl, credentials } = audited.headcount
    const headers = { authorization: `Bearer ${credentials.writeKey}` }
    let isAuditing = true
    let batches = 0
    const send = async () => {
      for (; isAuditing; batches++) {
        const time = new Date().toISOString()
        const events = Array.from({ length: 50 }, (_, at) => ({
          id: `${batches}-${at}`,
          time,
          feature: 'jobs',
          device: `d-${at}`,
        }))
        await fetch(`${collectorUrl}/v1/events`, { method: 'POST', headers, body: JSON.stringify({ events }) })
      }
    }
    const sending = send()
    try {
      assertPassed(await auditor.audit(audited.auditSettings))
    } finally {
      isAuditing = false
      await sending
    }
    assert.ok(batches > 20, `${batches} batches came in meanwhile`)
  })

  it('fails the lines of a collector that cannot be reached, and looks at all the others', async () => {
    const report = await auditor.audit(audited.auditSettings, { collector: ['http://127.0.0.1:9'] })
    assert.match(lineOf(report, 'canary-sent').evidence, /could not be sent in .*: fetch failed/)
    assert.equal(lineOf(report, 'canary-sent').verdict, 'FAIL')
    assert.equal(lineOf(report, 'opt-out').verdict, 'FAIL')
    assert.match(lineOf(report, 'access').evidence, /could not be looked at/)
    for (const id of ['tables', 'ledger', 'raw-retention']) assert.equal(lineOf(report, id).verdict, 'PASS')
  })

  it('is printed as a table, and ends with an error when a promise is broken', async () => {
    await chmod(path.join(audited.dir, 'credentials.json'), 0o644)
    const { code, output } = await runCommand(audited.dir, { HEADCOUNT_CATALOGUE: audited.catalogueFile }, 'audit')
    assert.match(output, /^Headcount audit\n\ndate {10}\d{4}-/)
    assert.match(output, /^PASS {12}ledger\n/m)
    assert.match(output, /^FAIL {12}file-modes\n.*\n.*\[protect\]\n *> credentials.json has mode 0644\n/m)
    assert.match(output, /\nFAIL: \d+ PASS, 1 FAIL, 1 WARN\n$/)
    assert.equal(code, 1)
  })
})

describe('headcount audit where nothing runs', () => {
  it('looks at the stores, and says that the doors were not looked at', async () => {
    const audited = await AuditedInstallation.start()
    await audited.headcount.close()
    try {
      const { code, output } = await runCommand(audited.dir, audited.auditSettings, 'audit', '--json')
      const report: Report = JSON.parse(output)
      assertPassed(report)
      assert.equal(code, 0)
      assert.equal(lineOf(report, 'ledger').verdict, 'PASS')
      assert.equal(lineOf(report, 'canary-sent').verdict, 'NOT APPLICABLE')
      assert.deepEqual(report.remains, [])
    } finally {
      await audited.remove()
    }
  })

  it('says so of a folder without an installation', async () => {
    const { code, output } = await runCommand('/nonexistent', {}, 'audit')
    assert.equal(code, 1)
    assert.match(output, /has no installation/)
  })
})
