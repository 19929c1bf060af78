/**
 * Ends a stream in which nothing moves. Time counts only while somebody is waited for: a slow reader of the answer is no idle upstream.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { CancelSignal } from '../upstream/transport.ts';

export interface IdleTimer {
  /** Aborts, with a StatusError as reason, when a wait lasts too long. */
  readonly signal: AbortSignal;
  /** The promise, with the time it takes counted. */
  waitFor<T>(promise: Promise<T>): Promise<T>;
  /** Something moved elsewhere in the same call: the time begins anew. */
  touch(): void;
}

/** Aborting `outer` aborts it, too. */
export function createIdleTimer(outer: CancelSignal, idleMs: number): IdleTimer {
  const controller = new AbortController();
  if (outer.aborted) controller.abort(outer.reason);
  else outer.addEventListener('abort', () => controller.abort(outer.reason));
  const expire = (): void => {
    const message = `nothing moved in the stream for ${idleMs / 1000} s`;
    controller.abort(new StatusError(GrpcCode.DEADLINE_EXCEEDED, message));
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: controller.signal,
    async waitFor(promise) {
      timer = setTimeout(expire, idleMs);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        timer = undefined;
      }
    },
    touch: () => timer?.refresh(),
  };
}
