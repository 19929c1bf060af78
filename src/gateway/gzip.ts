/**
 * Gzip of single messages, off the event loop.
 */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { tooLarge } from '../transcode/rpc/envelopes.ts';

const inflateAsync = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip);

/** Compresses; worth it above some hundred bytes. */
export const gzip: (bytes: Uint8Array) => Promise<Buffer> = promisify<Uint8Array, Buffer>(zlib.gzip);

/** Inflates a client's message, to no more than the limit: RESOURCE_EXHAUSTED over it, INVALID_ARGUMENT for what is no gzip. */
export async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    return await inflateAsync(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(undefined, maxBytes);
    throw new StatusError(GrpcCode.INVALID_ARGUMENT, 'a compressed message of the request is no gzip', { cause });
  }
}
