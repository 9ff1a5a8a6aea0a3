/** Pieces of a page. Whatever is given as text is escaped here; what is HTML is named so. */
import { escapeHtml } from '../reporting/escape-html.ts'

/** `backquoted` parts as code. */
export function withCode(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')
}

/**
 * A table that becomes a list on a narrow screen: the first cell of a row is its head; what stands in it after a line end is
 * smaller.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map(([first = '', ...rest]) => {
    const more = rest.map((cell, at) => `<td data-label="${escapeHtml(head[at + 1] ?? '')}:">${withCode(cell)}</td>`)
    const [title = '', about] = first.split('\n')
    const below = about === undefined ? '' : `<span class="soft">${withCode(about)}</span>`
    return `<tr><th scope="row">${withCode(title)}${below}</th>${more.join('')}</tr>`
  })
  const heads = head.map((one) => `<th scope="col">${escapeHtml(one)}</th>`).join('')
  return `<table class="stack"><thead><tr>${heads}</tr></thead><tbody>\n${cells.join('\n')}\n</tbody></table>`
}

export function list(items: readonly string[]): string {
  return `<ul>\n${items.map((one) => `<li>${withCode(one)}</li>`).join('\n')}\n</ul>`
}

/** An address as a link where it is one. */
export function contactLink(address: string): string {
  const text = escapeHtml(address)
  if (/^[\w.+-]+@[\w-]+(\.[\w-]+)+$/.test(address)) return `<a href="mailto:${text}">${text}</a>`
  if (/^https?:\/\/\S+$/.test(address)) return `<a href="${text}" rel="noreferrer">${text}</a>`
  return text
}

/** Headings with `#` and paragraphs; one level of headings is as good as four here. */
export function policyHtml(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .flatMap((block) => {
      const [, heading, rest = ''] = /^#{1,6}\s+(.+)\n?([\s\S]*)$/.exec(block) ?? []
      if (heading === undefined) return [`<p>${escapeHtml(block)}</p>`]
      const title = `<h3>${escapeHtml(heading.replace(/:$/, ''))}</h3>`
      return rest.trim() === '' ? [title] : [title, `<p>${escapeHtml(rest.trim())}</p>`]
    })
    .join('\n')
}
