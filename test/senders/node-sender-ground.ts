/** What a kill campaign stands on: a running installation whose catalogue has a feature for each group, and the host. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { catalogueText } from '../crash/batches.ts'
import { type RunningHeadcount, startProcess } from '../fixtures/headcount-process.ts'

export interface KillsGround extends AsyncDisposable {
  readonly installation: RunningHeadcount
  readonly dataDir: string
  /** The host as plain JavaScript, so that a life is not over before it has begun. */
  readonly hostFile: string
}

/** @param groups at most 1,800: a catalogue has no more features */
export async function openGround(groups: number): Promise<KillsGround> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'headcount-sender-ground-'))
  const catalogue = path.join(dir, 'catalogue.yaml')
  const dataDir = path.join(dir, 'data')
  const hostFile = path.join(dir, 'host.mjs')
  await writeFile(catalogue, catalogueText(groups))
  await build({
    entryPoints: [fileURLToPath(new URL('node-sender-host.ts', import.meta.url))],
    outfile: hostFile,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
  })
  const installation = await startProcess(dataDir, { HEADCOUNT_K: '1', HEADCOUNT_CATALOGUE: catalogue })
  return {
    installation,
    dataDir,
    hostFile,
    async [Symbol.asyncDispose]() {
      await installation.kill()
      await rm(dir, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}
