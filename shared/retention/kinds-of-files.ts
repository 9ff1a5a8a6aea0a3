/** Files beside the engines' own. */
import { everywhere, inWords, type KindOfData } from './kind-of-data.ts'
import { epochKeyMs } from './limits.ts'

export const fileKinds: readonly KindOfData[] = [
  {
    id: 'seal-scratch',
    title: 'Scratch files of the sealing job',
    contains: 'a day’s events by a keyed hash of each unit, while they are counted for a release',
    about: 'pseudonymous',
    where: { embedded: 'scratch/seal/', servers: 'worker/scratch/seal/ of a worker' },
    places: { files: ['scratch/seal/', 'worker/scratch/seal/'] },
    keptMs: epochKeyMs,
    since: 'made',
    howLong: `while a day is sealed; what a crash leaves, until the next start or at most ${inWords(epochKeyMs)}`,
    removedBy: everywhere('the sealing job; the worker at its start'),
  },
  {
    id: 'worker-scratch',
    title: 'Scratch files of the memory of event ids',
    contains: 'as hashes of event ids',
    about: 'pseudonymous',
    where: { embedded: 'scratch/<partition>/', servers: 'worker/scratch/<partition>/ of a worker' },
    places: { files: ['scratch/', 'worker/scratch/'] },
    howLong: 'while the worker runs; of a day whose key is destroyed nothing can be read from them',
    removedBy: everywhere('the worker, as their time goes by and at its start'),
  },
  {
    id: 'credentials',
    title: 'Secrets of the installation',
    contains: 'write key, admin token, analyst token',
    about: 'nobody',
    where: { embedded: 'credentials.json (mode 0600)', servers: 'the settings of each process' },
    places: { files: ['credentials.json'] },
    howLong: 'until the operator changes them',
    removedBy: everywhere('the operator'),
  },
  {
    id: 'locks',
    title: 'Who runs',
    contains: 'process number and addresses of the running servers',
    about: 'nobody',
    where: everywhere('headcount.lock'),
    places: { files: ['headcount.lock', 'collector/headcount.lock', 'worker/headcount.lock'] },
    howLong: 'while the process runs',
    removedBy: everywhere('the process'),
  },
]
