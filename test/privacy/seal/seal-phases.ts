/**
 * Where a seal is: every call that matters says when it starts and when it has ended, so that a kill can be aimed there,
 * and the campaign can tell afterwards what its kills have hit.
 */
import type { Engines } from '../../../services/headcount.ts'
import { releasesTable } from '../../../services/release/release-store.ts'
import type { RandomSource } from '../../../services/release/release-types.ts'
import { headKey } from '../../../shared/ledger/ledger-head.ts'
import type { Ledger, LedgerEvent } from '../../../shared/ledger/port.ts'
import { overriding } from '../../crash/overriding.ts'

/**
 * In their order. `…Claimed`: the ledger's head names the entry, which is not in the warehouse yet; `…Written`: it is
 * there, and whoever asked does not know yet.
 */
export const sealPhases = [
  ...(['reserve', 'reserveClaimed', 'reserveWritten', 'reserved'] as const),
  ...(['key', 'plan', 'reading', 'bounding', 'drawing', 'exporting', 'saving', 'saved'] as const),
  ...([
    'sealing',
    'sealingClaimed',
    'sealingWritten',
    'sealed',
    'removing',
    'destroying',
    'destroyed',
    'forgetting',
  ] as const),
  ...(['publishing', 'publishingClaimed', 'publishingWritten', 'published', 'served'] as const),
] as const
export type SealPhase = (typeof sealPhases)[number]
export type Enter = (phase: SealPhase | 'starting' | 'idle') => void

interface Writing {
  readonly decided: SealPhase
  readonly claimed: SealPhase
  readonly written: SealPhase
  readonly done: SealPhase
}

const ledgerPhases: Partial<Record<LedgerEvent['kind'], Writing>> = {
  'budget.reserved': {
    decided: 'reserve',
    claimed: 'reserveClaimed',
    written: 'reserveWritten',
    done: 'reserved',
  },
  'release.sealed': {
    decided: 'sealing',
    claimed: 'sealingClaimed',
    written: 'sealingWritten',
    done: 'sealed',
  },
  'release.published': {
    decided: 'publishing',
    claimed: 'publishingClaimed',
    written: 'publishingWritten',
    done: 'published',
  },
}

export class Observer {
  readonly #enter: Enter
  #writing: Writing | undefined

  constructor(enter: Enter) {
    this.#enter = enter
  }

  engines({ log, keyValue, warehouse }: Engines): Engines {
    return { log: this.#log(log), keyValue: this.#keyValue(keyValue), warehouse: this.#warehouse(warehouse) }
  }

  ledger(ledger: Ledger): Ledger {
    return overriding(ledger, {
      append: async (decide) => {
        let writing: Writing | undefined
        const result = await ledger.append((state) => {
          const decided = decide(state)
          writing = decided.events[0] && ledgerPhases[decided.events[0].kind]
          this.#writing = writing
          if (writing) this.#enter(writing.decided)
          return decided
        })
        this.#writing = undefined
        if (writing) this.#enter(writing.done)
        return result
      },
    })
  }

  random(random: RandomSource): RandomSource {
    return {
      below: (bound) => {
        this.#enter('drawing')
        return random.below(bound)
      },
    }
  }

  #log(log: Engines['log']): Engines['log'] {
    return overriding(log, {
      history: async () =>
        (await log.history()).map((history) => {
          // The plan only asks for its bounds.
          let isRead = false
          return overriding(history, {
            read: (from, limit) => {
              isRead = true
              this.#enter('reading')
              return history.read(from, limit)
            },
            close: async () => {
              await history.close()
              if (isRead) this.#enter('bounding')
            },
          })
        }),
    })
  }

  #keyValue(keyValue: Engines['keyValue']): Engines['keyValue'] {
    const secrets = overriding(keyValue.secrets, {
      createOnce: (name, make) => {
        if (name.startsWith('seal/')) this.#enter('key')
        return keyValue.secrets.createOnce(name, make)
      },
      destroy: async (name) => {
        this.#enter('destroying')
        await keyValue.secrets.destroy(name)
        this.#enter('destroyed')
      },
    })
    return overriding(keyValue, {
      secrets,
      compareAndSet: async (key, expected, value) => {
        if (key.startsWith('seal/')) this.#enter('plan')
        const isSet = await keyValue.compareAndSet(key, expected, value)
        if (isSet && key === headKey && this.#writing) this.#enter(this.#writing.claimed)
        return isSet
      },
      delete: (key) => {
        if (key.startsWith('seal/')) this.#enter('forgetting')
        return keyValue.delete(key)
      },
    })
  }

  #warehouse(warehouse: Engines['warehouse']): Engines['warehouse'] {
    return overriding(warehouse, {
      insert: async (block) => {
        const isRelease = block.table === releasesTable
        if (isRelease) this.#enter('saving')
        await warehouse.insert(block)
        if (isRelease) this.#enter('saved')
        else if (this.#writing) this.#enter(this.#writing.written)
      },
      exportBytes: (sql, format, settings) => {
        this.#enter('exporting')
        return warehouse.exportBytes(sql, format, settings)
      },
      command: async (sql, params) => {
        if (sql.startsWith('ALTER TABLE')) this.#enter('removing')
        await warehouse.command(sql, params)
      },
    })
  }
}
