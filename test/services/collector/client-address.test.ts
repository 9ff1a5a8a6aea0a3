import assert from 'node:assert/strict'
import { BlockList } from 'node:net'
import { test } from 'node:test'
import { clientAddress } from '../../../services/collector/client-address.ts'

const trusted = new BlockList()
trusted.addSubnet('10.0.0.0', 8, 'ipv4')
trusted.addSubnet('2001:db8:ffff::', 48, 'ipv6')

const cases: [what: string, socket: string | undefined, forwarded: string | undefined, expected: string][] = [
  ['without the header it is the socket', '192.0.2.1', undefined, '192.0.2.1'],
  ['an untrusted peer cannot name another address', '192.0.2.1', '198.51.100.7', '192.0.2.1'],
  ['a trusted proxy can', '10.0.0.1', '198.51.100.7', '198.51.100.7'],
  [
    'the right-most untrusted hop counts, not what the client wrote',
    '10.0.0.1',
    '1.1.1.1, 198.51.100.7',
    '198.51.100.7',
  ],
  ['trusted hops are skipped', '10.0.0.1', '198.51.100.7, 10.0.0.2, 10.0.0.3', '198.51.100.7'],
  ['all trusted: the left-most', '10.0.0.1', '10.0.0.9,10.0.0.2', '10.0.0.9'],
  ['a malformed hop stops the walk', '10.0.0.1', '198.51.100.7, unknown, 10.0.0.2', '10.0.0.2'],
  ['an empty header changes nothing', '10.0.0.1', '', '10.0.0.1'],
  ['an IPv4-mapped socket is IPv4', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
  ['an IPv4-mapped trusted proxy is trusted', '::ffff:10.0.0.1', '198.51.100.7', '198.51.100.7'],
  ['hexadecimal IPv4-mapped too', '10.0.0.1', '::FFFF:C000:0201', '192.0.2.1'],
  ['IPv6 is canonical', '2001:DB8:ffff:0::1', '2001:DB8:0:0::00A', '2001:db8::a'],
  ['ports are cut', '10.0.0.1', '[2001:db8::5]:4711, 10.0.0.2:80', '2001:db8::5'],
  ['a zone is cut', '10.0.0.1', 'fe80::1%eth0', 'fe80::1'],
  ['a socket that has gone has none', undefined, '198.51.100.7', ''],
]
for (const [what, socket, forwarded, expected] of cases)
  test(what, () => assert.equal(clientAddress(socket, forwarded, trusted), expected))
