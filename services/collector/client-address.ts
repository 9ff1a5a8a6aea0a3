/**
 * Who is calling: the address of the socket, or what trusted proxies say in `X-Forwarded-For`. Anybody can send that
 * header, so it is read from the right, and only as far as each hop before it is trusted.
 */
import { type BlockList, isIP, SocketAddress } from 'node:net'

/**
 * @param socketAddress of the connection's other end; undefined when it has gone already
 * @param forwardedFor the header `X-Forwarded-For`, several joined with commas, the nearest hop last
 * @returns an address in its canonical text, IPv4-mapped ones as IPv4; empty when there is none
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trusted: BlockList,
): string {
  let address = canonicalAddress(socketAddress ?? '') ?? ''
  if (forwardedFor === undefined || address === '') return address
  const hops = forwardedFor.split(',')
  while (hops.length > 0 && trusted.check(address, address.includes(':') ? 'ipv6' : 'ipv4')) {
    const next = canonicalAddress(withoutPort((hops.pop() ?? '').trim()))
    if (next === undefined) return address
    address = next
  }
  return address
}

function canonicalAddress(text: string): string | undefined {
  switch (isIP(text)) {
    case 4:
      return text
    case 6: {
      // Also drops the zone (fe80::1%eth0), which means something on the proxy only.
      const { address } = new SocketAddress({ address: text, family: 'ipv6' })
      return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
    }
    default:
      return undefined
  }
}

/** Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  const end = hop.startsWith('[') ? hop.indexOf(']') : -1
  if (end > 0) return hop.slice(1, end)
  const colon = hop.indexOf(':')
  return colon > 0 && colon === hop.lastIndexOf(':') && hop.includes('.') ? hop.slice(0, colon) : hop
}
