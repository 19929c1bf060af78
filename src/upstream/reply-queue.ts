/**
 * Between a transport that gets messages and the one who iterates over them: the ReplyStream of every transport.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { Metadata } from '../transcode/exchange.ts';
import type { ReplyStream } from './transport.ts';

/** What the queue asks of the call that fills it. */
export interface ReplySource {
  /** The reader has taken everything and wants more. */
  pull(): void;
  /** The reader has left before the end. */
  cancel(): void;
}

// Messages without a byte take room as well.
const messageOverheadBytes = 64;

type Batch = IteratorResult<readonly Uint8Array[]>;

/** A ReplyStream that its transport fills by `open`, `push`, `flush` and `end`. */
export class ReplyQueue implements ReplyStream, AsyncIterator<readonly Uint8Array[]> {
  readonly headers: Promise<Metadata>;
  readonly trailers: Promise<Metadata>;
  /** Room that the messages take which wait for the reader. */
  queuedBytes = 0;
  readonly #source: ReplySource;
  readonly #headers = settleLater<Metadata>();
  readonly #trailers = settleLater<Metadata>();
  #batch: Uint8Array[] = [];
  #end: { readonly error: StatusError | undefined } | undefined;
  #reader: ReturnType<typeof settleLater<Batch>> | undefined;

  constructor(source: ReplySource) {
    this.#source = source;
    this.headers = this.#headers.promise;
    this.trailers = this.#trailers.promise;
  }

  /** The initial metadata is there. */
  open(headers: Metadata): void {
    this.#headers.resolve(headers);
  }

  /** One more message; a waiting reader gets it with the next `flush`. */
  push(message: Uint8Array): void {
    this.#batch.push(message);
    this.queuedBytes += message.length + messageOverheadBytes;
  }

  /** Wakes the reader if it waits and there is something for it. */
  flush(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    if (this.#batch.length > 0) {
      reader.resolve({ done: false, value: this.#batch });
      this.#batch = [];
      this.queuedBytes = 0;
    } else if (this.#end === undefined) {
      return;
    } else if (this.#end.error === undefined) {
      reader.resolve({ done: true, value: undefined });
    } else {
      reader.reject(this.#end.error);
    }
    this.#reader = undefined;
  }

  /** The call ended, well or with an error. What was pushed before is still read. Only the first end counts. */
  end(trailers: Metadata, error?: StatusError): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    if (error === undefined) {
      this.#headers.resolve([]);
      this.#trailers.resolve(trailers);
    } else {
      this.#headers.reject(error);
      this.#trailers.reject(error);
    }
    this.flush();
  }

  [Symbol.asyncIterator](): AsyncIterator<readonly Uint8Array[]> {
    return this;
  }

  next(): Promise<Batch> {
    const reader = settleLater<Batch>();
    this.#reader = reader;
    this.flush();
    if (this.#reader !== undefined) this.#source.pull();
    return reader.promise;
  }

  return(): Promise<Batch> {
    this.#batch = [];
    if (this.#end === undefined) {
      this.#source.cancel();
      this.end([], new StatusError(GrpcCode.CANCELLED, 'the reply stream was left before its end'));
    }
    return Promise.resolve({ done: true, value: undefined });
  }
}

/**
 * A stream whose replies are made as fast as they are read; what the generator returns is the trailing metadata. `onOver` is called when no more
 * are wanted, or there are none.
 */
export function replyQueueOf(
  replies: AsyncGenerator<Uint8Array, Metadata> | AsyncGenerator<Uint8Array, void>,
  onOver: () => void = () => {},
): ReplyQueue {
  let isReading = false;
  const read = async (): Promise<void> => {
    if (isReading) return;
    isReading = true;
    try {
      const { done, value } = await replies.next();
      queue.open([]);
      if (done) queue.end(value ?? []);
      else queue.push(value);
      if (done) onOver();
    } catch (error) {
      queue.end([], StatusError.from(error));
      onOver();
    }
    isReading = false;
    queue.flush();
  };
  const cancel = (): void => {
    onOver();
    void replies.return([] as never);
  };
  const queue = new ReplyQueue({ pull: () => void read(), cancel });
  // Headers are awaited before anybody reads.
  void read();
  return queue;
}

export interface Settlement<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** A promise to be settled from outside. Nobody need look at it: a failure that reaches no one does not end the process. */
export function settleLater<Value>(): Settlement<Value> {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<Value>((...settle) => {
    [resolve, reject] = settle;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
