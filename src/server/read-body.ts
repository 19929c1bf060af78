/**
 * The body of a request, collected up to a limit. Fastify's own parsers are kept out of it: they would decode JSON, replace
 * invalid UTF-8 and let GET have no body, and the transcoder decides all of that.
 */
import type { Readable } from 'node:stream';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';

const empty = new Uint8Array();

/** True when the header block announces a body (RFC 9112, 6.3). */
export function announcesBody(headers: Readonly<Record<string, unknown>>): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/** All bytes of a body. Rejects with 413 as soon as it is known to be over `limit`. */
export function readBody(body: Readable, announced: string | undefined, limit: number): Promise<Uint8Array> {
  if (announced !== undefined && Number(announced) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    body.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > limit) {
        body.pause();
        reject(tooLarge(limit));
      } else {
        chunks.push(chunk);
      }
    });
    body.on('end', () => {
      const [first] = chunks;
      resolve(chunks.length > 1 ? Buffer.concat(chunks) : (first ?? empty));
    });
    body.on('error', (cause) => reject(new StatusError(GrpcCode.CANCELLED, 'the request body was cut off', { cause })));
    body.on('close', () => reject(new StatusError(GrpcCode.CANCELLED, 'the request body was cut off')));
  });
}

function tooLarge(limit: number): StatusError {
  return new StatusError(GrpcCode.RESOURCE_EXHAUSTED, `the request body is larger than ${limit} bytes`, {
    httpStatus: 413,
  });
}
