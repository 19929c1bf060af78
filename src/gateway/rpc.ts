/**
 * @module A call of a method, whichever protocol asks for it: its upstream, its deadline, the hooks it passes. What is around it is the
 * protocol's own: REST's `call.ts`, gRPC-Web's and Connect's `rpc-call.ts`, gRPC's `passed-call.ts`.
 */
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import type { CallOptions, CancelSignal, FrameCoding, Transport } from '../upstream/transport.ts';
import type { Callee, RpcRun } from './rpc-run.ts';

/** Where the calls of a service go. */
export interface CallTarget {
  readonly transport: Pick<Transport, 'unary' | 'stream'>;
  /** Timeout in milliseconds of a unary call whose client asks for none. */
  readonly timeoutMs: number;
}

/** What a call is made from besides its request. */
export interface RpcContext {
  /** Undefined when no upstream is configured for the service. */
  readonly targetOf: (service: string) => CallTarget | undefined;
  readonly streamTimeoutMs: number;
  /** How long a stream may be silent. */
  readonly streamIdleMs: number;
  readonly maxTimeoutMs: number;
}

/** A call about to begin. */
export interface RpcStart {
  readonly method: MethodDescriptor;
  readonly metadata: Metadata;
  readonly signal: CancelSignal;
  readonly run: RpcRun | undefined;
  /** Milliseconds that the client gives it, `defaultMs` when it says nothing, at most `maxMs`. */
  readonly timeoutOf: (defaultMs: number, maxMs: number) => number;
  readonly isIdempotent?: boolean;
  readonly frames?: FrameCoding | undefined;
}

/** What to call, and with which options. */
export interface StartedRpc {
  readonly callee: Callee;
  readonly options: CallOptions;
}

/** Begins a call. Throws UNIMPLEMENTED where no upstream serves the method, and INVALID_ARGUMENT for a timeout that is none. */
export function startRpc(start: RpcStart, context: RpcContext): StartedRpc {
  const { method, metadata, signal, run, timeoutOf, isIdempotent = method.idempotency !== 'unknown', frames } = start;
  const target = context.targetOf(method.service.fullName);
  if (target === undefined) {
    throw new StatusError(GrpcCode.UNIMPLEMENTED, `no upstream is configured for ${method.service.fullName}`);
  }
  const { transport, timeoutMs } = target;
  const defaultMs = hasStreams(method) ? context.streamTimeoutMs : timeoutMs;
  const deadline = performance.now() + timeoutOf(defaultMs, context.maxTimeoutMs);
  return {
    callee: run?.through(transport) ?? transport,
    options: { path: method.path, metadata, deadline, signal, isIdempotent, frames },
  };
}

/** True for a method with a stream on either side. */
export function hasStreams({ isClientStreaming, isServerStreaming }: MethodDescriptor): boolean {
  return isClientStreaming || isServerStreaming;
}
