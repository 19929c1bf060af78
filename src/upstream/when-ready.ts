import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Transport } from './transport.ts';

/** Resolves when the transport is ready, now or later; rejects UNAVAILABLE when the signal aborts. */
export async function whenReady(
  transport: Pick<Transport, 'target' | 'state' | 'onStateChange'>,
  signal: AbortSignal,
): Promise<void> {
  if (transport.state === 'ready') return;
  // No timer of a transport keeps the process alive; who waits here does.
  const alive = setInterval(() => {}, 60_000);
  let stop: () => void = () => {};
  let onAbort: () => void = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      stop = transport.onStateChange((state) => {
        if (state === 'ready') resolve();
      });
      onAbort = () => {
        const message = `upstream ${transport.target} is not ready`;
        reject(new StatusError(GrpcCode.UNAVAILABLE, message, { cause: signal.reason }));
      };
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort);
    });
  } finally {
    stop();
    signal.removeEventListener('abort', onAbort);
    clearInterval(alive);
  }
}
