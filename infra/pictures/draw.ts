/** `npm run pictures`: draws noise.svg from the default catalogue's numbers. release-error.svg comes from `npm run utility`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { guideDatasets } from '../../services/reporting/partner-guide/guide-numbers.ts'
import { noisePictureFile } from '../../services/reporting/partner-guide/noise-picture.ts'
import { readCatalogue } from '../../shared/catalogue-file.ts'

const [dataset] = guideDatasets(readCatalogue(''))
if (!dataset) throw new Error('the default catalogue releases nothing')
writeFileSync(fileURLToPath(new URL('./noise.svg', import.meta.url)), noisePictureFile(dataset.levels))
