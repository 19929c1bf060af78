/**
 * Whether the peer of a connection is still there: a machine that has gone sends no packet to say so.
 */
export interface LivenessEvents {
  hasCalls(): boolean;
  ping(): void;
  /** Nothing came in answer. */
  giveUp(): void;
}

// A peer that has not answered a PING for so long has gone, where keepalive does not say otherwise.
const defaultTimeoutMs = 5000;

export class Liveness {
  readonly #events: LivenessEvents;
  readonly #timeoutMs: number;
  #lastFrameAt: number = performance.now();
  #answerTimer: NodeJS.Timeout | undefined;
  #lastLook: NodeJS.Immediate | undefined;
  #keepaliveTimer: NodeJS.Timeout | undefined;

  /** With keepalive it asks whenever calls are open and nothing has come for `timeMs`. */
  constructor(events: LivenessEvents, keepalive?: { readonly timeMs: number; readonly timeoutMs: number }) {
    this.#events = events;
    this.#timeoutMs = keepalive?.timeoutMs ?? defaultTimeoutMs;
    if (keepalive === undefined) return;
    const { timeMs } = keepalive;
    const check = (): void => {
      if (events.hasCalls()) this.doubt(performance.now() - timeMs);
    };
    this.#keepaliveTimer = setInterval(check, Math.max(10, timeMs / 2)).unref();
  }

  /** A frame has come. */
  heard(): void {
    this.#lastFrameAt = performance.now();
  }

  /** Asks the peer when nothing has come since that instant: a call has waited for its whole deadline. */
  doubt(since: number): void {
    if (this.#lastFrameAt > since || this.#answerTimer !== undefined) return;
    const askedAt = performance.now();
    this.#events.ping();
    const judge = (): void => {
      this.#answerTimer = undefined;
      if (this.#lastFrameAt < askedAt) this.#events.giveUp();
    };
    // Of a process that was held up itself timers run out before it reads what has come meanwhile.
    const readFirst = (): void => {
      this.#lastLook = setImmediate(judge);
    };
    this.#answerTimer = setTimeout(readFirst, this.#timeoutMs).unref();
  }

  stop(): void {
    clearTimeout(this.#answerTimer);
    clearImmediate(this.#lastLook);
    clearInterval(this.#keepaliveTimer);
  }
}
