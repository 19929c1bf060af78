/**
 * Who looks on at one call without any say in it: what fails here is a warning of the process, never the call's failure. Its frames are not
 * even opened, so that a compression which only client and upstream know goes by.
 */
import type { CallOptions } from '../upstream/transport.ts';
import type { Rpc, RpcOutcome } from './hooks.ts';

export interface Witness {
  /** The call is about to be sent with these options, after all hooks. */
  onSend(options: CallOptions): void;
  /** A message of the request, or the frame of one where the options have `frames`. Must not keep it. */
  onRequest(given: Uint8Array): void;
  /** A message of the reply, or the frame of one; then with its `grpc-encoding`, if there is any. Must not keep it. */
  onReply(given: Uint8Array, encoding: string | undefined): void;
  onEnd(outcome: RpcOutcome): void;
}

const key: unique symbol = Symbol('tandem.witness');

const nobody: readonly Witness[] = [];

/** Has a call looked at. To be said by a hook `beforeBind`. */
export function addWitness(rpc: Rpc, witness: Witness): void {
  rpc.values.set(key, [...witnessesOf(rpc), witness]);
}

export function witnessesOf({ values }: Rpc): readonly Witness[] {
  return (values.get(key) as readonly Witness[] | undefined) ?? nobody;
}
