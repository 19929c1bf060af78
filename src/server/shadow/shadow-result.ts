/** What is told of repeated calls. */
import type { MethodDescriptor } from '../../schema/descriptors.ts';

/** How a call is repeated. */
export type ShadowProtocol = 'rest' | 'grpc' | 'grpc-web' | 'connect';

/** Why a call that was chosen is not repeated or not compared: at which bound, or because nothing could be learnt. */
export type SkipReason = 'queue' | 'memory' | 'size' | 'failed_call' | 'unsuitable';

export interface ShadowResult {
  readonly method: MethodDescriptor;
  readonly over: ShadowProtocol;
  readonly kind: 'equal' | 'different' | 'failed' | 'skipped';
  /** Of those that are skipped. */
  readonly reason?: SkipReason;
  /** Milliseconds of the client's call and of the repeated one, measured between the same points; where both have ended. */
  readonly durations?: { readonly client: number; readonly shadow: number };
}
