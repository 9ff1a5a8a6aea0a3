/** One of several processes that race for the same names on one Redis; prints what it got, as JSON. */
import { randomBytes } from 'node:crypto'
import { openRedisKeyValue } from '../../shared/keyvalue/redis.ts'

const [url = '', name = '', rounds = '0'] = process.argv.slice(2)
const store = await openRedisKeyValue({ url, warn: console.error })

// Off together, as far as processes can be.
await store.put(`here/${name}`, Buffer.from(''))
process.stdout.write('here\n')
while (!(await store.get('go')));

const won: number[] = []
const secrets: (string | undefined)[] = []
let increments = 0
for (let round = 0; round < Number(rounds); round++) {
  if (await store.putIfAbsent(`once/${round}`, Buffer.from(name))) won.push(round)
  secrets.push((await store.secrets.createOnce(`secret/${round}`, () => randomBytes(16)))?.toString('hex'))
  const found = await store.get('n')
  if (await store.compareAndSet('n', found, Buffer.from(String(Number(found ?? 0) + 1)))) increments++
}
await store.close()
process.stdout.write(`${JSON.stringify({ name, won, secrets, increments })}\n`)
