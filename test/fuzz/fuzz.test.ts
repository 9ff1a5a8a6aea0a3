import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordsInProtobuf } from '../../services/collector/protocols/otlp-protobuf.ts'
import { WireError } from '../../services/collector/protocols/otlp-wire.ts'
import { runCampaign } from './campaign.ts'
import { Draw } from './draw.ts'
import { type Input, inputOf, unchanged } from './input.ts'
import { mutateWire } from './mutate-wire.ts'
import type { Plant } from './plant.ts'
import { dialectsToTry, tryInput } from './try-input.ts'
import { validRequests } from './valid-requests.ts'

const seed = 20261125

test('mutated requests of every dialect: none crashes, hangs, is answered 5xx or becomes what the worker cannot read', async () => {
  const { failures, tried, overHttp, outcomes } = await runCampaign({ seed, inputs: 8000, httpEvery: 80 })
  assert.deepEqual(failures, [])
  assert.deepEqual([tried, overHttp], [8000, 100])
  // Half-hearted mutations would all be refused by a parser, or all be counted.
  for (const name of new Set(dialectsToTry().map((dialect) => dialect.name)))
    for (const outcome of ['counted', 'refused'])
      assert.ok((outcomes.get(`${name} ${outcome}`) ?? 0) > 5, `${name} ${outcome}: ${[...outcomes].join('; ')}`)
})

test('before they are changed, all requests that it starts from are counted, or are questions', () => {
  const dialects = dialectsToTry()
  for (const shape of validRequests) {
    const isQuestion = shape.path.startsWith('/flags') || shape.path.startsWith('/array')
    assert.equal(tryInput(dialects, unchanged(shape)), isQuestion ? 'nothing counted' : 'counted', shape.path)
  }
})

/** The valid request in protobuf, and a thousand changes of it. */
function protobufInputs(): [Input, Buffer[]] {
  const shape = validRequests.find(({ write }) => write === 'protobuf')
  assert.ok(shape)
  const input = unchanged(shape)
  return [input, Array.from({ length: 1000 }, (_, index) => mutateWire(input.body, new Draw(seed, index)))]
}

test('control: many requests in protobuf are still read after a change, and hardly any is as it was', () => {
  const dialects = dialectsToTry()
  const [before, bodies] = protobufInputs()
  const counted = bodies.filter((body) => tryInput(dialects, { ...before, body }) === 'counted').length
  assert.ok(counted > 300 && counted < 900, `${counted} counted`)
  assert.ok(bodies.filter((body) => body.equals(before.body)).length < 200)
  assert.ok(new Set(bodies.map((body) => body.toString('latin1'))).size > 700)
})

test('control: changes of requests in protobuf reach whatever its reader refuses', () => {
  const reasons = new Set<string>()
  const limits = { names: new Set(['device', 'version', 'agents']), recordsMax: 100 }
  for (const body of protobufInputs()[1]) {
    try {
      recordsInProtobuf(body, limits)
    } catch (error) {
      reasons.add(error instanceof WireError ? error.message : (error as Error).name)
    }
  }
  assert.deepEqual([...reasons].sort(), [
    'ProblemError',
    'a field longer than its message',
    'a field without a number',
    'a string that is not UTF-8',
    'a wire type that OTLP does not use',
    'an integer of more than 64 bits',
    'an integer without an end',
  ])
})

const told: Readonly<Record<Exclude<Plant, 'hang'>, RegExp>> = {
  crash: /Cannot read properties of undefined/,
  slow: /it took \d+ ms/,
  'unreadable-record': /cannot be read/,
  'server-error': /answers 500/,
}

for (const [plant, what] of Object.entries(told)) {
  test(`control: a planted bug (${plant}) that few inputs reach is found`, () => {
    assert.match(firstFailure(plant as Plant)?.message ?? 'not found', what)
  })
}

test('control: of an input that never ends it is told which it is', async () => {
  const { failures } = await runCampaign({ seed, inputs: 6000, plant: 'hang', hangMs: 3000, failuresMax: 1 })
  assert.deepEqual(
    failures.map(({ what }) => what),
    ['it does not end'],
  )
})

function firstFailure(plant: Plant): Error | undefined {
  const dialects = dialectsToTry(plant)
  for (let index = 0; index < 6000; index++) {
    try {
      tryInput(dialects, inputOf(seed, index))
    } catch (error) {
      return error as Error
    }
  }
  return undefined
}
