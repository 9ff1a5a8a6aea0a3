/** Most questions of POST /api/v1/usage/batch; the page asks no more at once either. */
export const questionsMax = 64
