/** What stands for a customer's line: an IPv4 address, or of IPv6 the first 64 bits, since a customer has a whole /64. */
export function addressPrefix(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address.replace(/^::ffff:/i, '');
  const [head = '', tail = ''] = address.split('::');
  const heads = head.split(':').filter(Boolean);
  const tails = tail.split(':').filter(Boolean);
  const zeros = Array<string>(Math.max(0, 8 - heads.length - tails.length)).fill('0');
  return [...heads, ...zeros, ...tails].slice(0, 4).join(':');
}
