/**
 * What an address says of itself by grpc.health.v1.
 * https://github.com/grpc/proposal/blob/master/A17-client-side-health-checking.md
 */
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { Calls } from '../calls.ts';
import type { Channel } from '../channel.ts';
import type { CancelSignal } from '../transport.ts';
import type { Clock } from './clock.ts';

export type Health = 'unknown' | 'serving' | 'not serving';

export interface HealthCheck {
  /** As the server names it; "" is the server as a whole. */
  readonly serviceName: string;
  readonly clock: Clock;
}

// Between two attempts to watch.
const minPauseMs = 1000;
const maxPauseMs = 30_000;

/**
 * Watches over the channel, which is connected, until the function that it gives is called. A server without the service counts
 * as serving; one whose watch fails does not, and is asked again.
 */
export function watchHealth(channel: Channel, check: HealthCheck, onHealth: (health: Health) => void): () => void {
  const leaving = new AbortController();
  void watch(channel, check, onHealth, leaving.signal);
  return () => leaving.abort();
}

async function watch(
  channel: Channel,
  { serviceName, clock }: HealthCheck,
  onHealth: (health: Health) => void,
  signal: AbortSignal,
): Promise<void> {
  const tell = (health: Health): void => {
    if (!signal.aborted) onHealth(health);
  };
  for (let pauseMs = minPauseMs; !signal.aborted; pauseMs = Math.min(maxPauseMs, pauseMs * 1.6)) {
    try {
      for await (const replies of watchOnce(channel, serviceName, signal)) {
        pauseMs = minPauseMs;
        tell(healthOf(replies.at(-1)));
      }
      tell('not serving');
    } catch (error) {
      const isUnimplemented = error instanceof StatusError && error.code === GrpcCode.UNIMPLEMENTED;
      tell(isUnimplemented ? 'serving' : 'not serving');
      if (isUnimplemented) return;
    }
    await pause(clock, pauseMs, signal);
  }
}

function watchOnce(channel: Channel, serviceName: string, signal: CancelSignal): AsyncIterable<readonly Uint8Array[]> {
  const calls = new Calls({ target: channel.target, begin: (options, handler) => channel.begin(options, handler) });
  const path = '/grpc.health.v1.Health/Watch';
  return calls.stream({ path, metadata: [], deadline: Number.POSITIVE_INFINITY, signal }, requestOf(serviceName));
}

/** A HealthCheckRequest: one text, field 1. */
function requestOf(serviceName: string): Uint8Array {
  if (serviceName === '') return new Uint8Array();
  const name = Buffer.from(serviceName);
  return Uint8Array.from([10, ...lengthOf(name), ...name]);
}

function lengthOf({ length }: Uint8Array): number[] {
  return length < 128 ? [length] : [(length & 127) | 128, length >> 7];
}

/** Of a HealthCheckResponse, whose only field is the enum 1; SERVING is 1 of it. */
function healthOf(reply: Uint8Array | undefined): Health {
  return reply?.[0] === 8 && reply[1] === 1 ? 'serving' : 'not serving';
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    const cancel = clock.after(ms, resolve);
    signal.addEventListener('abort', () => {
      cancel();
      resolve();
    });
  });
}
