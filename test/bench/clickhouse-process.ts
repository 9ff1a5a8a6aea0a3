/** The yardstick of the worker: ClickHouse (chDB) parses NDJSON and groups it, on one thread. */
import { Session } from 'chdb'
import { processorSeconds } from './measured-process.ts'

const [, , dir = '', file = ''] = process.argv
const session = new Session(dir)
const columns =
  'id String, time DateTime64(3), feature LowCardinality(String), device String, version LowCardinality(String), variant LowCardinality(String), provider LowCardinality(String), source LowCardinality(String)'
const query = `SELECT toStartOfMinute(time) AS minute, feature, version, count() AS events, uniqCombined64(17)(device) AS devices, uniqExact(id) AS ids
FROM file('${file}', JSONEachRow, '${columns}') GROUP BY minute, feature, version
SETTINGS max_threads = 1, input_format_parallel_parsing = 0, date_time_input_format = 'best_effort', input_format_skip_unknown_fields = 1`
const withoutIds = query.replace(', uniqExact(id) AS ids', '')

process.on('message', async ({ deduplicated }: { deduplicated?: boolean }) => {
  const before = processorSeconds()
  const result = await session.queryAsync(deduplicated ? query : withoutIds, { format: 'CSV' })
  process.send?.({ seconds: processorSeconds() - before, cells: result.text().trim().split('\n').length })
})
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: true })
