import { BlockList, isIPv4 } from 'node:net'

/**
 * IPv4 that is not of the public internet: loopback, private, link-local (where clouds keep their metadata), shared, reserved,
 * documentation, multicast. IANA IPv4 Special-Purpose Address Registry; and the one by which Azure's host answers its machines.
 */
const special4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

/** Of 2000::/3: Teredo and other protocols, documentation. IANA IPv6 Special-Purpose Address Registry. */
const special6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
]

const special = new BlockList()
for (const [address, bits] of special6) special.addSubnet(address, bits, 'ipv6')
for (const [address, bits] of special4) {
  special.addSubnet(address, bits, 'ipv4') // and ::ffff:a.b.c.d
  special.addSubnet(`64:ff9b::${address}`, 96 + bits, 'ipv6') // NAT64
  special.addSubnet(`2002:${asHex(address)}::`, 16 + bits, 'ipv6') // 6to4
}

const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')
global6.addSubnet('64:ff9b::', 96, 'ipv6')
global6.addSubnet('::ffff:0:0', 96, 'ipv6')

/** Whether an address is of the public internet; of IPv6 that carries an IPv4 address, whether that one is. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4')
  return global6.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

/** The two groups of hexadecimal digits that IPv6 has for it. */
function asHex(address: string): string {
  const digits = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
  return `${digits.slice(0, 2).join('')}:${digits.slice(2).join('')}`
}
