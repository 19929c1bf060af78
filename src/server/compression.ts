/**
 * Compression of HTTP's own (RFC 9110, 8.4): bodies of requests taken apart within the limit of any body, answers that are whole compressed as
 * clients ask. Streams are left as they are: a compressor would hold messages back. gRPC, gRPC-Web and Connect have their own.
 */
import { promisify } from 'node:util';
import zlib, { type BrotliOptions, type InputType, type ZlibOptions } from 'node:zlib';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Options } from '../gateway/options.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { type HttpRequest, headerText } from '../transcode/exchange.ts';
import { essenceOf, isJsonType } from '../transcode/media-type.ts';
import { tooLarge } from './read-body.ts';

type Coder<O> = (bytes: InputType, options: O) => Promise<Buffer>;

const inflaters: Readonly<Record<string, Coder<ZlibOptions>>> = {
  gzip: promisify<InputType, ZlibOptions, Buffer>(zlib.gunzip),
  deflate: promisify<InputType, ZlibOptions, Buffer>(zlib.inflate),
  br: promisify<InputType, BrotliOptions, Buffer>(zlib.brotliDecompress),
};

/** The request with its body plain, where it comes in one coding that is taken here; of more than `maxBytes` then it is 413. */
export async function inflated(request: HttpRequest, maxBytes: number): Promise<HttpRequest> {
  const { 'content-encoding': codings, ...headers } = request.headers;
  const coding = headerText(codings)?.trim().toLowerCase() ?? '';
  const inflate = Object.hasOwn(inflaters, coding) ? inflaters[coding] : undefined;
  if (inflate === undefined || request.body.length === 0) return request;
  try {
    return { ...request, headers, body: await inflate(request.body, { maxOutputLength: maxBytes }) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes);
    throw new StatusError(GrpcCode.INVALID_ARGUMENT, `the request body is not ${coding}`, { cause });
  }
}

// A tenth of the time that the highest quality takes, which is the default.
const brotliOptions: BrotliOptions = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };
const gzip = promisify<InputType, ZlibOptions, Buffer>(zlib.gzip);
const brotli = promisify<InputType, BrotliOptions, Buffer>(zlib.brotliCompress);

/** In order of preference. */
const deflaters: readonly (readonly [coding: string, deflate: (bytes: Buffer) => Promise<Buffer>])[] = [
  ['br', (bytes) => brotli(bytes, brotliOptions)],
  ['gzip', (bytes) => gzip(bytes, {})],
];

/** Compresses the answers of an app that are worth it. */
export function compressAnswers(app: FastifyInstance, { minBytes }: Options['transcoding']['compression']): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (!(bytes instanceof Uint8Array) || bytes.length < minBytes || !isCompressible(reply)) return payload;
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'Accept-Encoding' : `${[vary].flat().join(', ')}, Accept-Encoding`);
    const accepted = String(request.headers['accept-encoding'] ?? '');
    const [coding, deflate] = deflaters.find(([name]) => accepts(accepted, name)) ?? [];
    if (coding === undefined || deflate === undefined) return payload;
    reply.header('content-encoding', coding).removeHeader('content-length');
    return await deflate(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  });
}

/** A tag or a range speaks of the bytes as they are. */
function isCompressible(reply: FastifyReply): boolean {
  const names = ['content-encoding', 'etag', 'content-range', 'accept-ranges'];
  if (names.some((name) => reply.hasHeader(name)) || /no-transform/i.test(String(reply.getHeader('cache-control')))) {
    return false;
  }
  const essence = essenceOf(String(reply.getHeader('content-type') ?? ''));
  return isJsonType(essence) || /^text\/(?!event-stream)|^application\/(?:x-protobuf|yaml)$|\/svg\+xml$/.test(essence);
}

/** `gzip;q=0` refuses, `*` takes all that are not named. */
function accepts(acceptEncoding: string, coding: string): boolean {
  const items = acceptEncoding.split(',').map((item) =>
    item
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/),
  );
  const item = items.find(([name]) => name === coding) ?? items.find(([name]) => name === '*');
  return item !== undefined && !item.slice(1).some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
}
