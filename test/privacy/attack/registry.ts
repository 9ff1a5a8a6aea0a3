/** Every attack of `npm run attack`, in the order of its table. A new one is added here. */
import type { Attack } from './attack-types.ts'

export const attacks: readonly Attack[] = []
