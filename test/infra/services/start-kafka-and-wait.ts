/** Starts a broker in the folder given, says its process id, and waits to be killed. */
import { startKafka } from '../../../infra/services/kafka.ts'

const { nodes } = await startKafka({ dir: process.argv[2] as string, brokers: 1, heapMegabytes: 200 })
console.log(nodes[0]?.pid)
setInterval(() => undefined, 60_000)
