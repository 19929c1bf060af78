/**
 * A call with one message on either side that is tried again, for as long as nothing of a reply has come.
 */
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import { cancelledBy } from '../call-errors.ts';
import type { BeginCall, CallEnd, CallHandler, TransportCall } from '../calls.ts';
import type { RequestMessages } from '../request-messages.ts';
import type { CallOptions } from '../transport.ts';
import { type RetryBudget, type RetryPolicy, RetryState } from './retry-policy.ts';

/** What a retried call needs besides its own options. */
export interface RetryContext {
  readonly begin: BeginCall;
  readonly policy: RetryPolicy;
  readonly budget: RetryBudget;
}

export class RetryingCall implements TransportCall, CallHandler {
  readonly #context: RetryContext;
  readonly #options: CallOptions;
  readonly #handler: CallHandler;
  #call: TransportCall;
  #message: Uint8Array | undefined;
  /** Undefined until the first failure. */
  #state: RetryState | undefined;
  #pause: NodeJS.Timeout | undefined;
  #isCommitted = false;
  readonly #onAbort = (): void => this.fail(cancelledBy(this.#options.signal?.reason));

  /** Throws as `context.begin` does. */
  constructor(context: RetryContext, options: CallOptions, handler: CallHandler) {
    this.#context = context;
    this.#options = options;
    this.#handler = handler;
    this.#call = context.begin(options, this);
  }

  read(): void {
    this.#call.read();
  }

  sendOnly(message: Uint8Array): void {
    this.#message = message;
    this.#call.sendOnly(message);
  }

  sendAll(messages: RequestMessages): void {
    this.#isCommitted = true;
    this.#call.sendAll(messages);
  }

  fail(error: StatusError): void {
    this.#isCommitted = true;
    if (this.#pause === undefined) this.#call.fail(error);
    else {
      this.#leavePause();
      this.#handler.onEnd({ headers: [], trailers: [], error });
    }
  }

  onHeaders(headers: Metadata): void {
    this.#isCommitted = true;
    this.#handler.onHeaders(headers);
  }

  onMessage(message: Uint8Array): void {
    this.#handler.onMessage(message);
  }

  onEnd(end: CallEnd): void {
    const pauseMs = this.#pauseAfter(end);
    if (pauseMs === undefined) {
      this.#handler.onEnd(end);
      return;
    }
    if (end.error !== undefined) this.#options.attempts?.failed(end.error);
    this.#pause = setTimeout(() => this.#again(), pauseMs);
    this.#options.signal?.addEventListener('abort', this.#onAbort);
  }

  /** Undefined: that was the end. */
  #pauseAfter({ error, retry }: CallEnd): number | undefined {
    const { policy, budget } = this.#context;
    if (error === undefined) budget.succeeded();
    if (error === undefined || this.#isCommitted || this.#message === undefined) return undefined;
    if (this.#options.signal?.aborted) return undefined;
    this.#state ??= new RetryState(policy, budget);
    const pauseMs = this.#state.next(error.code, retry, Math.random());
    if (pauseMs === undefined || performance.now() + pauseMs >= this.#options.deadline) return undefined;
    return pauseMs;
  }

  #again(): void {
    this.#leavePause();
    this.#context.budget.retries++;
    const previousAttempts = this.#state?.attempts ?? 0;
    const { metadata: first, attempts } = this.#options;
    try {
      const metadata = attempts?.again(previousAttempts, first) ?? first;
      this.#call = this.#context.begin({ ...this.#options, metadata, previousAttempts }, this);
    } catch (error) {
      this.#handler.onEnd({ headers: [], trailers: [], error: StatusError.from(error) });
      return;
    }
    this.#call.read();
    if (this.#message !== undefined) this.#call.sendOnly(this.#message);
  }

  #leavePause(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }
}
