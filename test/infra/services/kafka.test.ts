import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { kafkaPids } from '../../../infra/services/kafka.ts'
import { makeBrokerCertificate } from '../../../infra/services/kafka-certificates.ts'
import { MissingProgramError, needProgram } from '../../../infra/services/run-program.ts'
import { openKafkaEventLog } from '../../../shared/eventlog/kafka.ts'
import { parseKafkaUrl } from '../../../shared/eventlog/kafka-url.ts'
import type { Assignment } from '../../../shared/eventlog/port.ts'
import { assignments, readTexts, toPartition } from '../../contract/event-log.ts'
import { kafkaForTests, sessionTimeoutMs } from '../../fixtures/kafka.ts'
import { withTemporaryDirectory } from '../../fixtures/temporary-directory.ts'

const dir = await mkdtemp(path.join(tmpdir(), 'headcount-certificates-'))
after(() => rm(dir, { recursive: true, force: true }))
const certificate = await makeBrokerCertificate(dir)
const password = 'corr3ct-horse'
const kafka = await kafkaForTests({ secure: { ...certificate, user: 'headcount', password } })

function openSecurely(userInfo: string, query: string) {
  return openKafkaEventLog({
    address: parseKafkaUrl(`kafka://${userInfo}127.0.0.1:${kafka?.nodes[0]?.securePort}/secure${query}`),
    partitions: 2,
    pendingBytesMax: 1e6,
    sessionTimeoutMs,
    warn: () => undefined,
    onFatal: (error) => {
      throw error
    },
  })
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('a program that is not installed', () => {
  it('is named, with what to install', async () => {
    await assert.rejects(needProgram('no-such-program', ['-v'], 'Such (apt-get install such)'), (error: Error) => {
      assert.ok(error instanceof MissingProgramError)
      assert.equal(error.message, 'no-such-program is missing: install Such (apt-get install such)')
      return true
    })
  })
})

if (kafka)
  describe('Kafka brokers on this machine', () => {
    it('take appends, reads and commits over TLS with a password', async () => {
      const log = await openSecurely(`headcount:${password}@`, `?ca=${certificate.caFile}&sasl=plain`)
      await log.append(toPartition(1, 'a', 'b'))
      const [, second] = (await assignments(log)) as [Assignment, Assignment]
      assert.deepEqual(await readTexts(second), ['a', 'b'])
      await second.commit(2, 'm')
      assert.deepEqual(await second.committed(), { position: 2, metadata: 'm' })
      await log.close()
    })

    it('refuse a wrong password, and the error does not repeat it', async () => {
      const opening = openSecurely('headcount:wr0ng-battery@', `?ca=${certificate.caFile}&sasl=plain`)
      await assert.rejects(opening, (error: Error) => {
        assert.match(error.message, /refuses the user or the password/)
        assert.doesNotMatch(JSON.stringify([error.message, error.stack]), /wr0ng/)
        return true
      })
    })

    it('are refused themselves when nobody vouches for their certificate', async () => {
      await assert.rejects(openSecurely(`headcount:${password}@`, '?tls=1&sasl=plain'), /certificate/i)
    })

    it('die with the process that started them, however it dies', async () => {
      await withTemporaryDirectory(async (folder) => {
        const script = fileURLToPath(new URL('./start-kafka-and-wait.ts', import.meta.url))
        const starter = spawn(process.execPath, ['--import', 'tsx', script, folder], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        const [line] = (await once(starter.stdout, 'data')) as [Buffer]
        const pid = Number(line)
        assert.deepEqual(
          (await kafkaPids(folder)).map((node) => node.pid),
          [pid],
        )
        starter.kill('SIGKILL')
        for (const deadline = Date.now() + 20_000; isAlive(pid) && Date.now() < deadline; )
          await new Promise((resolve) => setTimeout(resolve, 100))
        assert.equal(isAlive(pid), false)
        assert.deepEqual(
          (await kafkaPids(folder)).map((node) => node.pid),
          [0],
        )
      })
    })
  })
