/** That a collector under load does not collect garbage without an end; with and without the room, in processes of their own. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { growthPercent } from '../../../services/collector/heap-room.ts'

const host = fileURLToPath(new URL('./heap-room-host.ts', import.meta.url))

async function majorCollections(room: 'room' | 'none'): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--max-semi-space-size=32', '--import', 'tsx', host, room],
  ])
  return Number(stdout)
}

test('the room is 160 MiB, however much there is, until V8 itself gives more', () => {
  const mib = 1024 * 1024
  assert.equal(growthPercent(32 * mib), 500)
  assert.equal(growthPercent(320 * mib), 50)
  assert.equal(growthPercent(3200 * mib), 30)
})

test('bodies that come and go do not make V8 look through its old space over and over', async () => {
  const withRoom = await majorCollections('room')
  assert.ok(withRoom <= 1, `${withRoom} major collections`)
  const without = await majorCollections('none')
  assert.ok(without >= 8, `control: ${without} without it`)
})
