/**
 * Which transport makes the calls of an upstream: our own, unless only @grpc/grpc-js can do it.
 */
import { isIPv4 } from 'node:net';
import type { Target, Targets } from './target.ts';

export type TransportName = 'grpc-js' | 'http2';

export interface TransportChoice {
  readonly transport: TransportName;
  /** Why it is grpc-js, where nobody asked for that. */
  readonly reason?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What was asked for, or what the targets and the proxies of the environment need. */
export function chooseTransport(
  asked: TransportName | 'auto',
  { all }: Targets,
  environment: Environment,
): TransportChoice {
  if (asked !== 'auto') return { transport: asked };
  if (all.length === 0) return { transport: 'grpc-js', reason: 'an xDS target' };
  const variable = all.map((target) => proxyVariableOf(target, environment)).find((name) => name !== undefined);
  if (variable !== undefined) return { transport: 'grpc-js', reason: `the proxy that ${variable} names` };
  return { transport: 'http2' };
}

/** This machine is never called through a proxy. */
export function isThisMachine(target: Target): boolean {
  return target.kind === 'unix' || /^(localhost|127\..*|::1)$/.test(target.host);
}

/**
 * The variable whose HTTP proxy stands before the target, by the rules of @grpc/grpc-js: the first of `grpc_proxy`, `https_proxy` and
 * `http_proxy` that is set, unless `no_grpc_proxy`, or else `no_proxy`, has the end of the host's name or a range that it is in.
 */
export function proxyVariableOf(target: Target, environment: Environment): string | undefined {
  if (target.kind === 'unix' || isThisMachine(target)) return undefined;
  const variable = ['grpc_proxy', 'https_proxy', 'http_proxy'].find((name) => environment[name]);
  if (variable === undefined || !isHttpUrl(environment[variable] ?? '')) return undefined;
  const excepted = (environment['no_grpc_proxy'] || environment['no_proxy'])?.split(',') ?? [];
  const isExcepted = excepted.some((part) => target.host.endsWith(part) || isInRange(target.host, part));
  return isExcepted ? undefined : variable;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'http:';
}

/** Whether the IPv4 address is in a range such as `10.0.0.0/8`. */
function isInRange(host: string, range: string): boolean {
  const [, base = '', bits = ''] = /^([\d.]+)\/(\d{1,2})$/.exec(range) ?? [];
  if (!isIPv4(host) || !isIPv4(base) || Number(bits) > 32) return false;
  const shift = 2 ** (32 - Number(bits));
  return Math.floor(numberOf(host) / shift) === Math.floor(numberOf(base) / shift);
}

function numberOf(ipv4: string): number {
  return ipv4.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
