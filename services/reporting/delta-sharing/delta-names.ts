/** The one share and the one schema that there are; a table is a dataset. Names compare without case, as the protocol says. */
import { noSuchThing } from './delta-error.ts'

export const shareName = 'headcount'
export const schemaName = 'releases'

export interface TablePath {
  share: string
  schema?: string
  table?: string
}

/** @throws ProblemError 404 */
export function checkNames({ share, schema = schemaName }: TablePath): void {
  if (!same(share, shareName) || !same(schema, schemaName)) throw noSuchThing()
}

/** The dataset that a table's name means, of those in scope. @throws ProblemError 404 */
export function datasetOf({ table = '' }: TablePath, inScope: readonly string[]): string {
  const dataset = inScope.find((id) => same(id, table))
  if (dataset === undefined) throw noSuchThing()
  return dataset
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
