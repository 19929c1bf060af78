/** IP addresses as configurations and counts have them. */
import { BlockList, isIP } from 'node:net';

/** What stands for a customer's line: an IPv4 address, or of IPv6 the first 64 bits, since a customer has a whole /64. */
export function addressPrefix(address: string): string {
  if (!address.includes(':') || address.includes('.')) return withoutMapping(address);
  const [head = '', tail = ''] = address.split('::');
  const heads = head.split(':').filter(Boolean);
  const tails = tail.split(':').filter(Boolean);
  const zeros = Array<string>(Math.max(0, 8 - heads.length - tails.length)).fill('0');
  return [...heads, ...zeros, ...tails].slice(0, 4).join(':');
}

/** True for `10.0.0.0/8`, `::1`. */
export function isAddressRange(text: string): boolean {
  const [address = '', length] = text.split('/', 2);
  const bits = isIP(address) === 6 ? 128 : 32;
  if (isIP(address) === 0 || text.split('/').length > 2) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= bits);
}

/** Whether an address is in one of the ranges. */
export function createAddressSet(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', length] = range.split('/', 2);
    const family = familyOf(address);
    list.addSubnet(address, Number(length ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return (text) => {
    const address = withoutMapping(text);
    return list.check(address, familyOf(address));
  };
}

/** Of what is an address. node:net would compile a pattern for it, which takes 4 ms of a start. */
function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** A server that listens on IPv6 as well sees the addresses of IPv4 in it: `::ffff:192.0.2.1`. */
function withoutMapping(address: string): string {
  return address.includes('.') ? address.replace(/^::ffff:/i, '') : address;
}
