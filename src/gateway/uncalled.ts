/** A request that was answered before a method was known. */
import type { StatusError } from '../status/status-error.ts';
import type { Rpc, RpcClient, RpcProtocol } from './hooks.ts';

export interface Uncalled {
  /** As far as it can be told. */
  readonly protocol: RpcProtocol;
  readonly request: Rpc['request'];
  readonly client: Pick<RpcClient, 'address' | 'scheme'>;
  readonly error: StatusError;
  /** Of the answer, where the protocol's failures have one of their own. */
  readonly httpStatus: number;
  readonly durationMs: number;
}
