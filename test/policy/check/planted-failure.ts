/** The message of an assertion that fails because it was made to. */
export const plantedFailure = 'planted failure: an assertion of this file was reached'
