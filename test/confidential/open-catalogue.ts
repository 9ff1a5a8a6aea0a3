/** A catalogue as open as one can be: texts of any kind in two dimensions and in a natural key. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { confidentialKinds } from '../../shared/confidential/kind.ts'

/** @param isGuarded false: every kind is let through, as a control @returns the file */
export async function writeOpenCatalogue(dir: string, isGuarded: boolean): Promise<string> {
  const rule = `rule: '.+', cap: 10000${isGuarded ? '' : `, mayLookLike: [${Object.keys(confidentialKinds).join(', ')}]`}`
  const file = path.join(dir, `open-${isGuarded ? 'guarded' : 'unguarded'}.yaml`)
  await writeFile(
    file,
    `version: "1"
title: open
k: 1
features:
  - { id: opened, title: Opened }
  - { id: report, title: Report, naturalKey: { fields: [job], slotMinutes: 5 } }
dimensions:
  - { id: feature, title: Feature, from: feature }
  - { id: note, title: Note, from: event, ${rule} }
  - { id: label, title: Label, from: event, ${rule} }
  - { id: edition, title: Edition, from: event, values: [small, large] }
measures:
  - { id: size, title: Size, unit: things, min: 0, max: 10 }
datasets:
  - { id: notes, title: Notes, dimensions: [feature, note, edition], measures: [size] }
  - { id: labels, title: Labels, dimensions: [label], audience: partners, release: [{ level: leaf, by: [label], cells: 8, events: 8, share: "1" }] }
`,
  )
  return file
}
