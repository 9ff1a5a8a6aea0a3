/** Where everything of a release is, as URLs. */
import { releaseFormats } from '../../release/release-store.ts'

/** @param base address of this server, without a slash at the end */
export function releaseLinks(base: string, dataset: string, day: string) {
  const release = `${base}/partner/v1/datasets/${dataset}/releases/${day}`
  return {
    manifest: release,
    dataPackage: `${release}/datapackage.json`,
    files: Object.fromEntries(releaseFormats.map((format) => [format, `${release}?format=${format}`])),
  }
}
