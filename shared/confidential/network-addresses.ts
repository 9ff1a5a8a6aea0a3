/** IP addresses, public or private, and hardware addresses. A version of four small numbers is taken for an address. */
import { isIPv6 } from 'node:net'

/** With zeros before it, as octal and padded forms have. */
const octet = '(?:0{0,3}(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d))'
const ipv4 = new RegExp(`(?<![\\w.])(?:${octet}\\.){3}${octet}(?![\\w]|\\.\\d)`)
const hexadecimal = /(?<![\w])0x[0-9A-Fa-f]{8}(?!\w)/
const dashed = /\b(?:ip|ec2)-\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?!\d)/i

export function hasAddress(text: string): boolean {
  return ipv4.test(text) || hexadecimal.test(text) || dashed.test(text) || hasIpv6(text)
}

function hasIpv6(text: string): boolean {
  if (text.indexOf(':') === text.lastIndexOf(':')) return false
  for (const { 0: found, index } of text.matchAll(/[0-9A-Fa-f:.]{2,45}/g)) {
    if (!found.includes(':') || /[\w]/.test(text[index - 1] ?? ' ')) continue
    const bare = found.replace(/(?<!:):$/, '').replace(/\.$/, '')
    if (isIPv6(bare) && !/[G-Zg-z_]/.test(text[index + found.length] ?? ' ')) return true
  }
  return false
}

export function hasMac(text: string): boolean {
  return (
    /(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4,6}[0-9A-Fa-f]{2}(?![0-9A-Za-z])/.test(text) ||
    /(?<![0-9A-Za-z.])(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}(?![0-9A-Za-z.])/.test(text)
  )
}
