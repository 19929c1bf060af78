/**
 * The body of a request, collected up to a limit. Fastify's own parsers are kept out of it: they would decode JSON, replace
 * invalid UTF-8 and let GET have no body, and the transcoder decides all of that.
 */
import type { Readable } from 'node:stream';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';

const empty = new Uint8Array();

interface RequestHead {
  readonly headers: Readonly<Record<string, unknown>>;
  /** Only of HTTP/2. */
  readonly stream?: { readonly endAfterHeaders: boolean };
}

/** True when the header block announces a body (RFC 9112, 6.3), or does not end an HTTP/2 request. */
export function announcesBody({ headers, stream }: RequestHead): boolean {
  if (stream !== undefined) return !stream.endAfterHeaders;
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

export interface BodyLimits {
  readonly bytes: number;
  /** Milliseconds for all of it to arrive. */
  readonly timeoutMs: number;
}

let held = 0;

/** How many bytes there are of bodies that are not whole yet. */
export function bodyBytesHeld(): number {
  return held;
}

/** All bytes of a body. Rejects with 413 as soon as it is known to be too large, and with 408 when it takes too long. */
export function readBody(body: Readable, announced: string | undefined, limits: BodyLimits): Promise<Uint8Array> {
  if (announced !== undefined && Number(announced) > limits.bytes) return Promise.reject(tooLarge(limits.bytes));
  if (body.readableEnded) return Promise.resolve(empty);
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    let isSettled = false;
    const settle = (): void => {
      clearTimeout(timer);
      if (!isSettled) held -= length;
      isSettled = true;
    };
    const refuse = (error: StatusError): void => {
      settle();
      body.pause();
      reject(error);
    };
    const timer = setTimeout(() => refuse(tooSlow(limits.timeoutMs)), limits.timeoutMs);
    body.on('data', (chunk: Uint8Array) => {
      if (isSettled) return;
      length += chunk.length;
      held += chunk.length;
      if (length > limits.bytes) refuse(tooLarge(limits.bytes));
      else chunks.push(chunk);
    });
    body.on('end', () => {
      if (isCut(body)) return refuse(cutOff());
      settle();
      const [first] = chunks;
      resolve(chunks.length > 1 ? Buffer.concat(chunks) : (first ?? empty));
    });
    body.on('error', (cause) => refuse(cutOff(cause)));
    // Follows every end; an error has a stack trace, too dear to be made for nothing.
    body.on('close', () => {
      if (!isSettled) refuse(cutOff());
    });
  });
}

/** The pieces of a body as they arrive. Leaving it early leaves the rest unread, and the connection open for the answer. */
export async function* readChunks(body: Readable): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body.iterator({ destroyOnReturn: false });
  } catch (cause) {
    throw cutOff(cause);
  }
  if (isCut(body)) throw cutOff();
}

/** A request over HTTP/2 that its client resets ends as if it were whole. */
function isCut(body: Readable & { readonly aborted?: boolean }): boolean {
  return body.aborted === true;
}

/** 413. */
export function tooLarge(limit: number): StatusError {
  const message = `the request body is larger than ${limit} bytes`;
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, message, { httpStatus: 413 });
}

function tooSlow(timeoutMs: number): StatusError {
  const message = `the request body did not arrive within ${timeoutMs / 1000} s`;
  return new StatusError(GrpcCode.DEADLINE_EXCEEDED, message, { httpStatus: 408 });
}

function cutOff(cause?: unknown): StatusError {
  return new StatusError(GrpcCode.CANCELLED, 'the request body was cut off', { cause });
}
