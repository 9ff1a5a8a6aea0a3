import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { filesBelow } from '../../services/audit/files-below.ts'
import { withTemporaryDirectory } from '../fixtures/temporary-directory.ts'

test('files are found below folders that come and go meanwhile, and a folder that is not there is said', async () => {
  await withTemporaryDirectory(async (dir) => {
    await mkdir(path.join(dir, 'a/b'), { recursive: true })
    await writeFile(path.join(dir, 'a/b/kept'), '')
    await writeFile(path.join(dir, 'top'), '')
    let isOver = false
    const parts = (async () => {
      while (!isOver) {
        for (let part = 0; part < 20; part++)
          await mkdir(path.join(dir, 'a', `part_${part}`, 'inner'), { recursive: true })
        for (let part = 0; part < 20; part++) await rm(path.join(dir, 'a', `part_${part}`), { recursive: true })
      }
    })()
    for (let look = 0; look < 200; look++) assert.deepEqual((await filesBelow(dir)).sort(), ['a/b/kept', 'top'])
    isOver = true
    await parts
    await assert.rejects(filesBelow(path.join(dir, 'nothing')), { code: 'ENOENT' })
  })
})
