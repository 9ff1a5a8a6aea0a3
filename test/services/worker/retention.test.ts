/** Retention on the engines in process. */
import { retentionContract } from '../../contract/retention.ts'

retentionContract('embedded', (use) => use(async () => ({})))
