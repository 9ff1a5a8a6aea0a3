/** The jars of a Kafka server, copied once from Maven Central into a cache folder. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { needProgram, runToEnd } from './run-program.ts'

const pom = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url))
export const kafkaJarsDir = fileURLToPath(new URL('../../.services/kafka-jars', import.meta.url))
const downloadMs = 9 * 60_000
/** Two test files may want the jars at the same moment; a lock older than this is of a process that died. */
const staleLockMs = 10 * 60_000

/**
 * The folder that holds every jar `infra/kafka/pom.xml` names, filled on the first call and after a change of the pom.
 * @throws Error when `mvn` is missing or cannot reach Maven Central; the text says what to install
 */
export async function kafkaJars(dir = kafkaJarsDir): Promise<string> {
  const wanted = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
  await mkdir(path.dirname(dir), { recursive: true })
  if (await isComplete(dir, wanted)) return dir
  await withLock(`${dir}.lock`, async () => {
    if (!(await isComplete(dir, wanted))) await copyJars(dir, wanted)
  })
  return dir
}

async function copyJars(dir: string, wanted: string): Promise<void> {
  await needProgram('mvn', ['-v'], 'Maven, which fetches Kafka’s jars (Debian: apt-get install maven)')
  const partial = `${dir}.partial`
  await rm(partial, { recursive: true, force: true })
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${partial}`]
  await runToEnd('mvn', ['-q', '-B', '-f', pom, ...goal], downloadMs)
  await writeFile(path.join(partial, 'pom.sha256'), wanted)
  await rm(dir, { recursive: true, force: true })
  await rename(partial, dir)
}

async function isComplete(dir: string, wanted: string): Promise<boolean> {
  const found = await readFile(path.join(dir, 'pom.sha256'), 'utf8').catch(() => '')
  return found === wanted && (await readdir(dir)).some((name) => name.startsWith('kafka_'))
}

async function withLock(lock: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    const made = await mkdir(lock).then(
      () => true,
      () => false,
    )
    if (made) break
    const taken = await stat(lock).catch(() => undefined)
    if (taken && Date.now() - taken.mtimeMs > staleLockMs) await rm(lock, { recursive: true, force: true })
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  try {
    await work()
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}
