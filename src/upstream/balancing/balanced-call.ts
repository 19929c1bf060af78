/**
 * A call of an upstream with several addresses: waits until one of them can be called, and goes to another when the first has
 * not looked at it.
 */
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import { cancelledBy, deadlineExceeded } from '../call-errors.ts';
import type { CallEnd, CallHandler, TransportCall } from '../calls.ts';
import type { RequestMessages } from '../request-messages.ts';
import type { CallOptions } from '../transport.ts';
import type { Address } from './address.ts';

/** Who knows the addresses. */
export interface CallPlacer {
  /** Calls `begin` now, or `wait` and `begin` as soon as an address can be called. Throws a StatusError when it cannot. */
  place(call: BalancedCall): void;
  /** The call waits no longer. */
  withdraw(call: BalancedCall): void;
  /** It ended at that address. */
  ended(address: Address, end: CallEnd): void;
}

// Timers of Node hold no more; nothing waits as long.
const maxTimerMs = 2 ** 31 - 1;
// So often it goes to another address.
const maxMoves = 5;

export class BalancedCall implements TransportCall, CallHandler {
  readonly #placer: CallPlacer;
  readonly #options: CallOptions;
  readonly #handler: CallHandler;
  #address: Address | undefined;
  #call: TransportCall | undefined;
  #request: Uint8Array | RequestMessages | undefined;
  #isReading = false;
  #moves = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #onAbort = (): void => this.fail(cancelledBy(this.#options.signal?.reason));

  /** Throws for metadata that cannot be sent, when it need not wait. */
  constructor(placer: CallPlacer, options: CallOptions, handler: CallHandler) {
    this.#placer = placer;
    this.#options = options;
    this.#handler = handler;
    placer.place(this);
  }

  /** Begins at an address; `isLast`: there is no better one to go to from there. */
  begin(address: Address, isLast: boolean): void {
    if (isLast) this.#moves = maxMoves;
    this.#address = address;
    address.begun();
    try {
      this.#call = address.channel.begin(this.#options, this);
    } catch (error) {
      address.ended();
      throw error;
    }
    if (this.#isReading) this.#call.read();
    this.#send();
  }

  /** No address can be called yet: `begin` comes later. */
  wait(): void {
    const { deadline, signal } = this.#options;
    const leftMs = Math.min(Math.max(0, deadline - performance.now()), maxTimerMs);
    this.#timer = setTimeout(() => this.fail(deadlineExceeded()), leftMs);
    if (signal?.aborted) queueMicrotask(this.#onAbort);
    else signal?.addEventListener('abort', this.#onAbort);
  }

  read(): void {
    this.#isReading = true;
    this.#call?.read();
  }

  sendOnly(message: Uint8Array): void {
    this.#request = message;
    this.#send();
  }

  sendAll(messages: RequestMessages): void {
    this.#request = messages;
    this.#send();
  }

  fail(error: StatusError): void {
    this.#moves = maxMoves;
    if (this.#call !== undefined) this.#call.fail(error);
    else if (this.#timer !== undefined) {
      this.#stopWaiting();
      this.#placer.withdraw(this);
      this.#end(error);
    }
  }

  onHeaders(headers: Metadata): void {
    this.#handler.onHeaders(headers);
  }

  onMessage(message: Uint8Array): void {
    this.#handler.onMessage(message);
  }

  onEnd(end: CallEnd): void {
    const address = this.#address as Address;
    address.ended();
    this.#placer.ended(address, end);
    this.#call = undefined;
    if (end.retry !== 'unseen' || this.#moves++ >= maxMoves) this.#handler.onEnd(end);
    else this.placeAgain();
  }

  /** Goes where it can begin now. */
  placeAgain(): void {
    this.#stopWaiting();
    try {
      this.#placer.place(this);
    } catch (error) {
      this.#end(StatusError.from(error));
    }
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
  }

  #end(error: StatusError): void {
    this.#handler.onEnd({ headers: [], trailers: [], error, retry: 'never' });
  }

  #send(): void {
    const call = this.#call;
    if (this.#request === undefined) return;
    if (this.#request instanceof Uint8Array) call?.sendOnly(this.#request);
    else call?.sendAll(this.#request);
  }
}
