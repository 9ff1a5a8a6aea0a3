import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { questionsMax } from '../../../services/reporting/questions-max.ts'
import type { UsageAnswer } from '../../../services/reporting/usage-answer.ts'
import { ReportingFixture, senders, tokens } from './reporting-fixture.ts'

interface Line {
  readonly question: number
  readonly status: number
  readonly answer?: UsageAnswer
  readonly problem?: { readonly detail: string }
}

describe('many questions in one request', () => {
  const fixture = new ReportingFixture()
  const cells = [
    ...senders(0, 20, { feature: 'dashboard', version: '2.0' }),
    ...senders(20, 8, { feature: 'jobs', version: '2.0' }),
    ...senders(30, 3, { feature: 'jobs', version: '2.1' }),
    ...senders(40, 9, { feature: 'dashboard', version: '2.1' }),
  ]
  before(async () => {
    await fixture.open()
    for (const day of ['2026-11-19', '2026-11-20', '2026-11-21']) await fixture.insertFinal('usage', 'day', day, cells)
    await fixture.insertOpen('usage', 'day', '2026-11-22', cells)
  })
  after(() => fixture.close())

  const analyst = { authorization: `Bearer ${tokens.analystToken}` }
  const post = (questions: unknown, headers: Record<string, string> = analyst, to = fixture.reporting) =>
    to.app.inject({ method: 'POST', url: '/api/v1/usage/batch', headers, payload: { questions } })
  const lines = async (questions: readonly string[], headers: Record<string, string> = analyst): Promise<Line[]> => {
    const answer = await post(questions, headers)
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.headers['content-type'], 'application/x-ndjson')
    const found = answer.body.trimEnd().split('\n')
    return found.map((line) => JSON.parse(line) as Line).sort((a, b) => a.question - b.question)
  }

  it('are answered each as by itself, and a wrong one tells what is wrong with it', async () => {
    const questions = [
      'dataset=usage&by=feature&from=2026-11-19&to=2026-11-23',
      'dataset=usage&by=feature,version&from=2026-11-19&to=2026-11-23',
      'dataset=nowhere',
      'dataset=usage&by=version&where=feature:jobs&from=2026-11-19&to=2026-11-23&limit=1',
      'dataset=usage&by=version&metrics=events&where=feature!:dashboard&from=2026-11-19&to=2026-11-23',
      'dataset=usage&format=csv',
    ]
    const found = await lines(questions)
    assert.deepEqual(
      found.map(({ question, status }) => [question, status]),
      [200, 200, 400, 200, 200, 400].map((status, question) => [question, status]),
    )
    for (const [at, query] of questions.entries()) {
      const alone = await fixture.get(`/api/v1/usage?${query}`)
      if (found[at]?.status === 200) assert.deepEqual(found[at].answer, alone.json(), query)
    }
    assert.ok(found[1]?.answer && found[1].answer.suppressed > 0, 'some cells are left out')
    assert.match(found[2]?.problem?.detail ?? '', /no dataset/)
    assert.match(found[5]?.problem?.detail ?? '', /CSV/)
  })

  it('are compressed for whoever takes that, and the same then', async () => {
    const questions = ['dataset=usage&by=feature&from=2026-11-19&to=2026-11-23', 'dataset=nowhere']
    const answer = await post(questions, { ...analyst, 'accept-encoding': 'br, gzip' })
    assert.equal(answer.headers['content-encoding'], 'gzip')
    const found = gunzipSync(answer.rawPayload).toString().trimEnd().split('\n')
    const sorted = found.map((line) => JSON.parse(line) as Line).sort((a, b) => a.question - b.question)
    assert.deepEqual(sorted, await lines(questions))
  })

  it('wait for their turn where more are asked than are answered at a time', async () => {
    const questions = Array.from({ length: questionsMax }, () => 'dataset=usage&by=feature')
    const found = await Promise.all([lines(questions), lines(questions), lines(questions)])
    assert.deepEqual(
      found.flat().map(({ status }) => status),
      Array(3 * questionsMax).fill(200),
    )
  })

  it('are refused for now where too many wait already', async () => {
    const questions = Array.from({ length: questionsMax }, () => 'dataset=usage&by=feature')
    // One that has nothing in memory yet, so that all have to wait.
    const started = await fixture.createReporting()
    const answers = await Promise.all(Array.from({ length: 12 }, () => post(questions, analyst, started)))
    const refused = answers.filter(({ statusCode }) => statusCode === 503)
    assert.ok(refused.length > 0 && refused.length < 12, `${refused.length} of 12`)
    for (const { headers } of refused) assert.equal(headers['retry-after'], '1')
    assert.equal((await lines(questions)).length, questionsMax, 'and later they are answered')
  })

  it('are for who may ask them one by one', async () => {
    assert.equal((await post(['dataset=usage'], {})).statusCode, 401)
    const { key } = (
      await fixture.reporting.app.inject({
        method: 'POST',
        url: '/api/v1/shares',
        headers: analyst,
        payload: { title: 'Jobs', ranges: [{ from: '2026-11-20', to: '2026-11-22' }], where: [], query: '' },
      })
    ).json()
    const found = await lines(
      ['dataset=usage&from=2026-11-20&to=2026-11-22', 'dataset=usage&from=2026-11-19&to=2026-11-22'],
      { 'headcount-view': key },
    )
    assert.deepEqual(
      found.map(({ status }) => status),
      [200, 403],
    )
  })

  it('have bounds, and what is no list of them is told so', async () => {
    for (const [questions, detail] of [
      [undefined, /must be a list/],
      ['dataset=usage', /must be a list/],
      [[1], /must be a list/],
      [[], /0 entries/],
      [Array(questionsMax + 1).fill('dataset=usage'), /65 entries; it must have 1 to 64/],
    ] as const) {
      const answer = await post(questions)
      assert.equal(answer.statusCode, 400)
      assert.match(answer.json().detail, detail)
    }
    assert.equal((await post([`dataset=${'x'.repeat(300_000)}`])).statusCode, 413)
  })

  it('that nobody waits for any more are no failure, and hold up nobody', async () => {
    const { reporting } = fixture
    const url = new URL(`${await reporting.listen()}/api/v1/usage/batch`)
    const body = JSON.stringify({ questions: Array(questionsMax).fill('dataset=usage&by=feature,version') })
    for (let patience = 0; patience < 10; patience++) {
      const headers = { ...analyst, 'content-length': body.length, ...(patience % 2 && { 'accept-encoding': 'gzip' }) }
      const left = request(url, { method: 'POST', headers })
      left.on('error', () => undefined)
      left.end(body)
      await sleep(patience * 3)
      left.destroy()
    }
    assert.equal((await lines(['dataset=usage'])).length, 1)
    assert.deepEqual(fixture.logged, [])
  })

  it('are told what was there when the page was opened, for a second; a question by itself what is there now', async () => {
    const query = 'dataset=usage&by=feature&where=feature:jobs&from=2026-11-23&to=2026-11-24'
    const events = (answer: UsageAnswer | undefined) => answer?.rows.map((row) => row[2])
    const ofPage = async () => events((await lines([query]))[0]?.answer)
    const alone = async () => events((await fixture.get(`/api/v1/usage?${query}`)).json())
    const jobs = { feature: 'jobs', version: '2.0' }
    await fixture.insertOpen('usage', 'day', '2026-11-23', senders(0, 10, jobs))
    assert.deepEqual(await ofPage(), [10])
    // A second is a real one: where the machine stands still in it, nothing is shown, and it is done once more.
    for (let devices = 10, tookMs = Infinity; tookMs > 900; devices += 5) {
      assert.ok(devices < 50, 'eight times the second was over')
      const since = performance.now()
      const opened = await fixture.get('/api/v1/dashboard')
      assert.equal(opened.statusCode, 200)
      // The look is made before the answer's questions come.
      await sleep(100)
      await fixture.insertOpen('usage', 'day', '2026-11-23', senders(devices * 10, 5, jobs))
      const told = await ofPage()
      tookMs = performance.now() - since
      if (tookMs <= 900) assert.deepEqual(told, [devices])
      assert.deepEqual(await alone(), [devices + 5])
      await sleep(1000)
      assert.deepEqual(await ofPage(), [devices + 5])
    }
  })
})
