/** Clauses that have no test yet. Whoever adds `test/policy/<id>.test.ts` takes its id out of here; the list only shrinks. */
export const stillMissing: readonly string[] = []
