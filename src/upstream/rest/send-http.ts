/** One HTTP request with the deadline and the signal of a call, its body sent as fast as the server takes it. */
import { once } from 'node:events';
import { type Agent, type ClientRequest, type IncomingMessage, request as sendPlain } from 'node:http';
import { request as sendByTls } from 'node:https';
import { StatusError } from '../../status/status-error.ts';
import { cancelledBy, deadlineExceeded, unreachable } from '../call-errors.ts';
import type { CallOptions } from '../transport.ts';

export interface Outgoing {
  readonly origin: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** A response whose body can be read; `end` says that nobody reads on. */
export interface Incoming {
  readonly response: IncomingMessage;
  readonly end: () => void;
  /** What ended the request before its answer was whole: the deadline, the signal, or a connection that broke. */
  readonly failureOf: (error: unknown) => StatusError;
}

/** Resolves with the head of the answer. Rejects with the StatusError of what failed the call. */
export async function sendHttp(outgoing: Outgoing, agent: Agent, options: CallOptions): Promise<Incoming> {
  const { origin, method, target, headers, body } = outgoing;
  const send = origin.startsWith('https:') ? sendByTls : sendPlain;
  const request = send(`${origin}${target}`, { method, headers, agent });
  let failure: StatusError | undefined;
  const fail = (error: StatusError): void => {
    failure ??= error;
    request.destroy();
  };
  const cancel = (): void => fail(cancelledBy(options.signal?.reason));
  const timer = setTimeout(() => fail(deadlineExceeded()), Math.max(0, options.deadline - performance.now()));
  options.signal?.addEventListener('abort', cancel);
  if (options.signal?.aborted) cancel();
  const failureOf = (error: unknown): StatusError =>
    failure ?? (error instanceof StatusError ? error : unreachable(origin, (error as Error).message, error));
  request.once('close', () => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', cancel);
  });
  const answered = once(request, 'response');
  // A body that fails ends the request, whose failure is then the body's.
  writeBody(request, body).catch((error) => fail(StatusError.from(error)));
  try {
    const [response] = (await answered) as [IncomingMessage];
    // What breaks behind the head is its reader's to hear of.
    request.on('error', () => {});
    return { response, end: () => request.destroy(), failureOf };
  } catch (error) {
    throw failureOf(error);
  }
}

async function writeBody(request: ClientRequest, body: Outgoing['body']): Promise<void> {
  if (body instanceof Uint8Array) {
    request.end(body);
    return;
  }
  for await (const chunk of body) {
    if (request.destroyed) return;
    if (!request.write(chunk)) await Promise.race([once(request, 'drain'), once(request, 'close')]);
  }
  request.end();
}
