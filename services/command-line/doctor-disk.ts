/** The doctor on the data folder: room, and who may read and write it. */
import { access, constants, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import { type Finding, fail, info, ok, warn } from './doctor-findings.ts'

const mebibyte = 1024 ** 2
const freeBytesWarn = 1024 * mebibyte
const freeBytesMin = 100 * mebibyte

/** Room where the data folder is, or will be. */
export async function checkDisk(dataDir: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(await nearestExisting(dataDir))
  const free = bavail * bsize
  const what = `disk of ${dataDir}: ${readable(free)} free`
  if (free < freeBytesMin)
    return fail(what, 'make room, or set HEADCOUNT_DATA_DIR to another disk: a full disk stops the collector')
  return free < freeBytesWarn ? warn(what, 'make room soon, or set HEADCOUNT_DATA_DIR to another disk') : ok(what)
}

/** The data folder can be written and is for its owner alone, and so are the credentials in it. */
export async function checkDataDirectory(dataDir: string): Promise<Finding[]> {
  const found = await statIfAny(dataDir)
  if (!found) return [await checkParent(dataDir)]
  if (!found.isDirectory())
    return [fail(`data folder ${dataDir}`, 'is a file; move it away, or set HEADCOUNT_DATA_DIR to a folder')]
  if (!(await isWritable(dataDir)))
    return [
      fail(
        `data folder ${dataDir}`,
        `cannot be written; give it to this user (chown), or set HEADCOUNT_DATA_DIR to one that can be`,
      ),
    ]
  const findings = [
    openToOthers(found.mode)
      ? warn(`data folder ${dataDir} is open to other users`, `chmod 700 '${dataDir}'`)
      : ok(`data folder ${dataDir} can be written, mode ${octal(found.mode)}`),
  ]
  const file = path.join(dataDir, 'credentials.json')
  const credentials = await statIfAny(file)
  if (!credentials) findings.push(info('no credentials.json yet; the first start makes it'))
  else if (openToOthers(credentials.mode))
    findings.push(
      fail('credentials.json can be read by other users', `chmod 600 '${file}', then change the keys in it`),
    )
  else if (await isReadable(file)) findings.push(ok(`credentials.json, mode ${octal(credentials.mode)}`))
  else findings.push(fail('credentials.json cannot be read', 'run as the user who started the installation'))
  return findings
}

/** The folder itself if it is there, else the closest one above it that is. */
async function nearestExisting(dir: string): Promise<string> {
  return (await statIfAny(dir)) ? dir : nearestExisting(path.dirname(dir))
}

async function checkParent(dataDir: string): Promise<Finding> {
  const parent = await nearestExisting(path.dirname(dataDir))
  if (await isWritable(parent)) return ok(`data folder ${dataDir} will be made at the first start`)
  return fail(
    `data folder ${dataDir}`,
    `cannot be made: ${parent} is not a folder this user can write; set HEADCOUNT_DATA_DIR to a place in one that is`,
  )
}

/** Undefined when it is not there; a file in the place of a folder above it counts as that too. */
async function statIfAny(file: string) {
  return stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EACCES') return undefined
    throw error
  })
}

async function isWritable(dir: string): Promise<boolean> {
  if (!(await stat(dir)).isDirectory()) return false
  return access(dir, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
}

function isReadable(file: string): Promise<boolean> {
  return access(file, constants.R_OK).then(
    () => true,
    () => false,
  )
}

/** Windows has no such modes: everything looks open there. */
function openToOthers(mode: number): boolean {
  return process.platform !== 'win32' && (mode & 0o077) !== 0
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}

function readable(bytes: number): string {
  return bytes < 10 * 1024 * mebibyte
    ? `${Math.floor(bytes / mebibyte)} MiB`
    : `${Math.floor(bytes / mebibyte / 1024)} GiB`
}
