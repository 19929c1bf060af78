/** Where keys may be fetched from. */
import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Where clouds keep the credentials of machines, and what no issuer is. */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addSubnet('0.0.0.0', 8, 'ipv4');
refused.addAddress('::', 'ipv6');

/** The URL when keys may be fetched from it: https, or http on this machine; never a link-local address, never with a password. */
export function readJwksUrl(text: string): string | undefined {
  const url = parse(text);
  if (url === undefined || url.username !== '' || url.password !== '' || url.hash !== '') return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIn(refused, host)) return undefined;
  if (url.protocol === 'https:') return url.href;
  return url.protocol === 'http:' && (host === 'localhost' || isIn(loopback, host)) ? url.href : undefined;
}

function isIn(list: BlockList, host: string): boolean {
  const version = isIP(host);
  return version !== 0 && list.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
