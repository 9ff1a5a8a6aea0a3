/** Appends choices for ever, telling each that has been acknowledged; made to be killed. */
import { openEmbeddedChoiceLog } from '../../shared/choices/embedded.ts'
import { openKafkaChoiceLog } from '../../shared/choices/kafka.ts'
import { choiceKeyFrom, createSubjectHash } from '../../shared/choices/subject.ts'
import { systemClock } from '../../shared/clock.ts'
import { parseKafkaUrl } from '../../shared/eventlog/kafka-url.ts'

const [run = '', where = ''] = process.argv.slice(2)
const choiceKey = choiceKeyFrom('the secret of the choices')
const fail = (error: unknown) => {
  throw error
}
const log = where.startsWith('kafka:')
  ? openKafkaChoiceLog({ address: parseKafkaUrl(where), choiceKey, warn: fail, onFatal: fail })
  : await openEmbeddedChoiceLog({ dir: where, choiceKey, clock: systemClock })
const subjectOf = createSubjectHash(choiceKey)
const chooser = async (name: number) => {
  for (let index = 0; ; index++) {
    const device = `${run}-${name}-${index}`
    await log.append({ subject: subjectOf('device', device), act: 'opt-out', by: 'sender', policy: '1' })
    process.stdout.write(`${device}\n`)
  }
}
for (let name = 0; name < 4; name++) void chooser(name)
