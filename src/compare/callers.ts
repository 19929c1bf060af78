/** One caller a protocol: each keeps its own connection. */
import { GrpcCaller } from './grpc-caller.ts';
import { type CallerOptions, Http1Caller } from './http1-caller.ts';
import type { Performed, PreparedCall } from './prepared-call.ts';

export interface Caller {
  /** What its connection has carried so far. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Performs the call that the caller was made for. Rejects when there is no answer. */
  call(): Promise<Performed>;
  close(): Promise<void>;
}

export function createCaller(prepared: PreparedCall, options: CallerOptions): Caller {
  const caller = 'origin' in prepared ? new Http1Caller(prepared, options) : new GrpcCaller(prepared, options);
  return {
    get sentBytes() {
      return caller.sentBytes;
    },
    get receivedBytes() {
      return caller.receivedBytes;
    },
    call: () =>
      caller instanceof Http1Caller && 'origin' in prepared
        ? caller.call(prepared)
        : (caller as GrpcCaller).call(prepared as Extract<PreparedCall, { path: string }>),
    close: async () => caller.close(),
  };
}
