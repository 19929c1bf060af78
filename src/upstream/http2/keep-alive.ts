/** What keepalive needs of a connection. */
export interface KeepAliveTarget {
  /** When the last frame came, in the milliseconds of `performance.now()`. */
  lastFrameAt(): number;
  hasCalls(): boolean;
  ping(): void;
  giveUp(): void;
}

/**
 * Sends PING when calls are open and nothing has come for `timeMs`, and gives the connection up when nothing comes for
 * `timeoutMs` then. Gives the function that ends it.
 */
export function keepAlive(timeMs: number, timeoutMs: number, target: KeepAliveTarget): () => void {
  let pingedAt = Number.NEGATIVE_INFINITY;
  const check = (): void => {
    const now = performance.now();
    const isWaiting = target.lastFrameAt() < pingedAt;
    if (isWaiting && now - pingedAt >= timeoutMs) target.giveUp();
    else if (!isWaiting && target.hasCalls() && now - target.lastFrameAt() >= timeMs) {
      pingedAt = now;
      target.ping();
    }
  };
  const timer = setInterval(check, Math.max(10, Math.min(timeMs, timeoutMs) / 2)).unref();
  return () => clearInterval(timer);
}
