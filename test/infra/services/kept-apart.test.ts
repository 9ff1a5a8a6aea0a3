import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { kafkaJarsDir } from '../../../infra/services/kafka-jars.ts'
import { servicesDir } from '../../../infra/services/kept-servers.ts'
import { readConfig } from '../../../shared/config.ts'

test('servers and jars for tests are in no installation’s data folder, of which every file is accounted for', () => {
  const { dataDir } = readConfig({})
  for (const dir of [servicesDir, kafkaJarsDir]) {
    const below = path.relative(dataDir, dir)
    assert.ok(below.startsWith('..'), `${dir} is in ${dataDir}`)
  }
})
