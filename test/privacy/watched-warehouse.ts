/** The real warehouse, with what a test must know of it: which pseudonyms were given to it, and an insert that fails. */
import type { Engines } from '../../services/headcount.ts'
import type { InsertBlock, Warehouse } from '../../shared/warehouse/port.ts'

export class WatchedWarehouse {
  /** Every pseudonym that was in a block, in decimal. */
  readonly pseudonyms = new Set<string>()
  /** The next block with pseudonyms has a row that the engine refuses, with a message that quotes rows. */
  spoilNext = false

  readonly wrap = (engines: Engines): Engines => {
    const insert = (block: InsertBlock) => this.#insert(engines.warehouse, block)
    const warehouse = new Proxy(engines.warehouse, {
      get: (target, name) => {
        if (name === 'insert') return insert
        const value = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return { ...engines, warehouse }
  }

  async #insert(warehouse: Warehouse, block: InsertBlock): Promise<void> {
    const cells = [...block.lines.matchAll(/\t\[([\d,]+)\]/g)]
    for (const [, units = ''] of cells) for (const unit of units.split(',')) this.pseudonyms.add(unit)
    if (!this.spoilNext || cells.length === 0) return await warehouse.insert(block)
    this.spoilNext = false
    await warehouse.insert({ ...block, lines: block.lines.replaceAll(/\t\[(\d+)/g, '\t[$1,no number') })
  }
}
