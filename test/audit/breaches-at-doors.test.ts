import { it } from 'node:test'
import type { Report } from '../../services/audit/report.ts'
import { type AuditedSuite, describeAudited } from './audited-installation.ts'
import { assertOnlyFailed, assertPassed } from './auditor.ts'
import { type Asked, devicesIn, type ProxyActs, proxyBefore } from './proxy-before.ts'

/** An audit by way of a proxy before a server. */
async function auditThrough(suite: AuditedSuite, server: 'collector' | 'reporting', acts: ProxyActs): Promise<Report> {
  const { collectorUrl, reportingUrl } = suite.audited.headcount
  const proxy = await proxyBefore(server === 'collector' ? collectorUrl : reportingUrl, acts)
  try {
    return await suite.audit({ [server]: [proxy.url] })
  } finally {
    await proxy.close()
  }
}

describeAudited('a breach between senders and a running installation makes exactly its line fail:', {}, (suite) => {
  it('none, by a proxy that passes everything on', async () => {
    assertPassed(await auditThrough(suite, 'collector', {}))
  })

  it('access, by a proxy that adds the token for everybody who wants metrics', async () => {
    const { adminToken } = suite.audited.headcount.credentials
    const headers = ({ url }: { url: string }) =>
      url === '/metrics' ? { authorization: `Bearer ${adminToken}` } : ({} as Record<string, string>)
    assertOnlyFailed(
      await auditThrough(suite, 'reporting', { headers }),
      'access',
      /\/metrics: nobody is let in \(200\)/,
    )
  })

  it('opt-out, by a collector that acknowledges a choice and forgets it', async () => {
    const answer = ({ url }: { url: string }) =>
      url === '/v1/privacy/choice' ? { status: 200, contentType: 'application/json', body: '{}' } : undefined
    // Who may choose is asked without a token too, and refused; that is not what is forgotten here.
    const refuse = (asked: Asked) =>
      asked.headers.authorization?.endsWith(suite.audited.headcount.credentials.writeKey) ? answer(asked) : undefined
    assertOnlyFailed(
      await auditThrough(suite, 'collector', { answer: refuse }),
      'opt-out',
      /the event log has what was sent by: opted-out; the total of opt-out moved by 0/,
    )
  })

  it('opt-out, by a proxy that takes Global Privacy Control away', async () => {
    const headers = () => ({ 'sec-gpc': '0' })
    assertOnlyFailed(await auditThrough(suite, 'collector', { headers }), 'opt-out', /what was sent by: gpc/)
  })

  it('canary-metrics, by a metric with a label for each device', async () => {
    const seen: string[] = []
    const change: ProxyActs['change'] = ({ url, body }, answered) => {
      seen.push(...devicesIn(body))
      if (url !== '/metrics' || answered.status !== 200) return answered
      const labels = seen.map((device) => `requests_by_sender{device="${device}"} 1\n`)
      return { ...answered, body: answered.body + labels.join('') }
    }
    assertOnlyFailed(
      await auditThrough(suite, 'collector', { change }),
      'canary-metrics',
      /found in GET http.*\/metrics/,
    )
  })
})

describeAudited('a collector that says what it should not makes exactly its line fail:', {}, (suite) => {
  it('canary-answers, by an answer that says what it was asked', async () => {
    const change: ProxyActs['change'] = ({ url, body }, answered) =>
      url.startsWith('/v1/events') && answered.status === 400
        ? { ...answered, body: `${answered.body} ${body}` }
        : answered
    assertOnlyFailed(await auditThrough(suite, 'collector', { change }), 'canary-answers', /found in POST \/v1\/events/)
  })

  it('policy, by a collector that tells another policy than the one in force', async () => {
    const change: ProxyActs['change'] = ({ url }, answered) =>
      url === '/v1/policy'
        ? { ...answered, body: answered.body.replace(/"version":"[^"]*"/, '"version":"0.9"') }
        : answered
    assertOnlyFailed(await auditThrough(suite, 'collector', { change }), 'policy', /tells version 0\.9/)
  })

  it('ledger-heads, by published heads that are not those of the ledger', async () => {
    const change: ProxyActs['change'] = ({ url }, answered) =>
      url === '/privacy/ledger'
        ? { ...answered, body: answered.body.replaceAll(/"hash":"[0-9a-f]{8}/g, '"hash":"00000000') }
        : answered
    const report = await auditThrough(suite, 'reporting', { change })
    assertOnlyFailed(report, 'ledger-heads', /the published hash of entry \d+ is not the ledger's/)
  })

  it('processes, by one that has not read the choices yet', async () => {
    const answer: ProxyActs['answer'] = ({ url }) =>
      url === '/health/ready'
        ? { status: 503, contentType: 'application/json', body: '{"checks":{"choices":"not read yet"}}' }
        : undefined
    const report = await auditThrough(suite, 'collector', { answer })
    assertOnlyFailed(report, 'processes', /answers 503: \{"checks":\{"choices":"not read yet"\}\}/)
  })
})
