/** Small measurements that show one property of a protocol each, on a call of the reader's own. */
import type { Metadata } from '../transcode/exchange.ts';
import { type Caller, createCaller } from './callers.ts';
import { framesOf } from './http2-frames.ts';
import type { PreparedCall } from './prepared-call.ts';

/** How long so many calls took that were all asked for at once. */
export interface AtOnce {
  readonly protocol: PreparedCall['protocol'];
  readonly connections: number;
  readonly calls: number;
  readonly elapsedMs: number;
}

/** Connections that browsers open to one host over HTTP/1.1. */
const BROWSER_CONNECTIONS = 6;

/** Calls at once on one connection of HTTP/2, and on one and on six of HTTP/1.1, which takes one call after the other. */
export async function callAtOnce(calls: Iterable<PreparedCall>, count: number): Promise<readonly AtOnce[]> {
  const results: AtOnce[] = [];
  for (const call of calls) {
    const numbers = call.protocol === 'grpc' ? [1] : call.protocol === 'rest' ? [1, BROWSER_CONNECTIONS] : [];
    for (const connections of numbers) results.push(await atOnce(call, connections, count));
  }
  return results;
}

async function atOnce(call: PreparedCall, connections: number, count: number): Promise<AtOnce> {
  const callers = Array.from({ length: connections }, () => createCaller(call, { isKeeping: false }));
  try {
    // Connecting is not what this is about.
    await Promise.all(callers.map((caller) => caller.call()));
    const startMs = performance.now();
    await Promise.all(Array.from({ length: count }, (_, index) => (callers[index % connections] as Caller).call()));
    return { protocol: call.protocol, connections, calls: count, elapsedMs: performance.now() - startMs };
  } finally {
    await Promise.all(callers.map((caller) => caller.close()));
  }
}

/** Bytes of the request's head in each of so many calls on one connection. */
export interface HeadBytes {
  readonly protocol: PreparedCall['protocol'];
  readonly bytes: readonly number[];
}

/** The heads of REST and gRPC, call after call. */
export async function headsInTurn(calls: Iterable<PreparedCall>, count: number): Promise<readonly HeadBytes[]> {
  const results: HeadBytes[] = [];
  for (const call of calls) {
    if (call.protocol !== 'grpc' && call.protocol !== 'rest') continue;
    const caller = createCaller(call, { isKeeping: true });
    try {
      const bytes: number[] = [];
      for (let index = 0; index < count; index++) bytes.push(await headOf(call, caller));
      results.push({ protocol: call.protocol, bytes });
    } finally {
      await caller.close();
    }
  }
  return results;
}

async function headOf(call: PreparedCall, caller: Caller): Promise<number> {
  const performed = await caller.call();
  const sent = performed.sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
  if ('origin' in call) return sent - call.body.length;
  const heads = framesOf(performed).filter(({ direction, type }) => direction === 'sent' && type === 'HEADERS');
  return heads.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Those of the calls whose clients say how long they wait, waiting so long. */
export function withDeadline(calls: Iterable<PreparedCall>, milliseconds: number): readonly PreparedCall[] {
  return [...calls].flatMap((call) => {
    if (!('origin' in call)) return [];
    const deadlines: Readonly<Record<typeof call.protocol, Metadata[number]>> = {
      rest: ['x-server-timeout', String(milliseconds / 1000)],
      'grpc-web': ['grpc-timeout', `${milliseconds}m`],
      connect: ['connect-timeout-ms', String(milliseconds)],
    };
    return [{ ...call, headers: [...call.headers, deadlines[call.protocol]] }];
  });
}
