/** Starts a bridge, perhaps stops it with SIGSTOP, tells its port, and waits to be killed. */
import { startClickhouseBridge } from '../../../infra/services/clickhouse-bridge.ts'

const [dir = '', stopped] = process.argv.slice(2)
const bridge = await startClickhouseBridge({ dir })
if (stopped === 'stopped') await bridge.kill('SIGSTOP')
process.stdout.write(`${bridge.port}\n`)
setInterval(() => undefined, 60_000)
