/** Every attack of `npm run attack`, in the order of its table. A new one is added here. */
import { averagingAttack } from '../seal/averaging-attack.ts'
import { boundingAttack } from '../seal/bounding-attack.ts'
import { budgetAttack } from '../seal/budget-attack.ts'
import { dictionaryAttack } from '../seal/dictionary-attack.ts'
import { analystSuppression } from './analyst-suppression.ts'
import type { Attack } from './attack-types.ts'
import { differencing } from './differencing.ts'
import { epsilonAudit } from './epsilon-audit.ts'
import { hardFloor } from './hard-floor.ts'
import { integers } from './integers.ts'
import { membership } from './membership.ts'
import { mutations } from './mutations.ts'
import { reconstruction } from './reconstruction.ts'
import { samplerMoments } from './sampler-moments.ts'
import { samplerShape } from './sampler-shape.ts'
import { thresholdLeak } from './threshold-leak.ts'

export const attacks: readonly Attack[] = [
  samplerShape,
  samplerMoments,
  epsilonAudit,
  membership,
  thresholdLeak,
  hardFloor,
  boundingAttack,
  averagingAttack,
  differencing,
  analystSuppression,
  reconstruction,
  dictionaryAttack,
  budgetAttack,
  integers,
  mutations,
]
