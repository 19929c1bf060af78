/**
 * Connect's calls of one message each way (https://connectrpc.com/docs/protocol, "Unary-Request" and "Unary-Get-Request"): the body is the
 * message, the HTTP status that of the call.
 */
import { StatusError } from '../../status/status-error.ts';
import { connectTimeoutOf } from '../deadline.ts';
import { type HttpReply, type HttpRequest, headerText, type Metadata } from '../exchange.ts';
import { parseQuery } from '../query-string.ts';
import { connectErrorOf } from './connect-error.ts';
import {
  codecNamed,
  codingRefusal,
  type Dialect,
  type MessageCodec,
  type Payload,
  type PayloadReader,
  type ReplyMetadata,
  takesGzip,
} from './dialect.ts';
import { tooLarge } from './envelopes.ts';

/** The dialect of a POST with `application/proto` or `application/json`; undefined for any other media type. */
export function connectUnaryDialect(mediaType: string, headers: HttpRequest['headers']): Dialect | undefined {
  const [, name = ''] = /^application\/(.+)$/.exec(mediaType) ?? [];
  const codec = codecNamed(name);
  if (codec === undefined) return undefined;
  return new ConnectUnaryDialect(headers, {
    codec,
    coding: headerText(headers['content-encoding']) ?? 'identity',
    refusal: versionRefusal(headers['connect-protocol-version'], '1'),
    message: undefined,
  });
}

/** The dialect of an answer to a request that is no call. */
export function connectJsonDialect(headers: HttpRequest['headers']): Dialect {
  return new ConnectUnaryDialect(headers, {
    codec: 'json',
    coding: 'identity',
    refusal: undefined,
    message: undefined,
  });
}

/**
 * The dialect of a GET whose query holds the message, `?connect=v1&encoding=json&message=…`; undefined when it names no codec. Throws
 * INVALID_ARGUMENT for a malformed query.
 */
export function connectGetDialect({ target, headers }: Pick<HttpRequest, 'target' | 'headers'>): Dialect | undefined {
  const query = new Map(parseQuery(target.slice(target.indexOf('?') + 1), MAX_PAIRS));
  const codec = codecNamed(query.get('encoding') ?? '');
  if (codec === undefined) return undefined;
  return new ConnectUnaryDialect(headers, {
    codec,
    coding: query.get('compression') ?? 'identity',
    refusal: versionRefusal(query.get('connect'), 'v1') ?? missingMessage(query),
    message: decodeMessage(query),
  });
}

/** Unknown parameters are allowed beside Connect's. */
const MAX_PAIRS = 64;

/** The refusal of a version of Connect that is not ours; clients need not say one. */
export function versionRefusal(version: unknown, own: string): StatusError | undefined {
  if (version === undefined || version === own) return undefined;
  return StatusError.invalidField('connect-protocol-version', `"${version}" is not known; write "${own}"`);
}

function missingMessage(query: ReadonlyMap<string, string>): StatusError | undefined {
  return query.has('message') ? undefined : StatusError.invalidField('message', 'the query has none');
}

function decodeMessage(query: ReadonlyMap<string, string>): Uint8Array {
  const text = query.get('message') ?? '';
  return Buffer.from(text, query.get('base64') === '1' ? 'base64url' : 'utf8');
}

interface UnaryForm {
  readonly codec: MessageCodec;
  readonly coding: string;
  readonly refusal: StatusError | undefined;
  /** Of a GET; the body is the message otherwise. */
  readonly message: Uint8Array | undefined;
}

class ConnectUnaryDialect implements Dialect {
  readonly protocol = 'connect';
  readonly codec: MessageCodec;
  readonly refusal: StatusError | undefined;
  readonly mayBeCompressed: boolean;
  readonly acceptsGzip: boolean;
  readonly stream: undefined;
  readonly #requestHeaders: HttpRequest['headers'];
  readonly #message: Uint8Array | undefined;

  constructor(headers: HttpRequest['headers'], { codec, coding, refusal, message }: UnaryForm) {
    this.codec = codec;
    this.refusal = refusal ?? codingRefusal(coding);
    this.mayBeCompressed = coding === 'gzip';
    this.acceptsGzip = takesGzip(headerText(headers['accept-encoding']) ?? coding);
    this.#requestHeaders = headers;
    this.#message = message;
  }

  bodyLimit(messageBytes: number): number {
    return messageBytes;
  }

  timeoutOf(defaultMs: number, maxMs: number): number {
    return connectTimeoutOf(this.#requestHeaders, defaultMs, maxMs);
  }

  onlyPayload({ body }: HttpRequest, maxBytes: number): Payload {
    const bytes = this.#message ?? body;
    if (bytes.length > maxBytes) throw tooLarge(bytes.length, maxBytes);
    return { bytes, isCompressed: this.mayBeCompressed && bytes.length > 0 };
  }

  payloadReader(): PayloadReader {
    throw new Error('a unary call of Connect has no stream of messages');
  }

  reply({ bytes, isCompressed }: Payload, { headers, trailers }: ReplyMetadata): HttpReply {
    const coding: Metadata = isCompressed ? [['content-encoding', 'gzip']] : [];
    const contentType = ['content-type', `application/${this.codec}`] as const;
    // What a cache keeps of a GET is for clients that take the same compression.
    const vary: Metadata = this.#message === undefined ? [] : [['vary', 'accept-encoding']];
    return { status: 200, headers: [contentType, ...coding, ...vary, ...headers, ...prefixed(trailers)], body: bytes };
  }

  failure(error: StatusError, headers: Metadata): HttpReply {
    const contentType = ['content-type', 'application/json'] as const;
    const body = Buffer.from(JSON.stringify(connectErrorOf(error)));
    return { status: error.httpStatus, headers: [contentType, ...headers, ...prefixed(error.trailers)], body };
  }
}

function prefixed(trailers: Metadata): Metadata {
  return trailers.map(([name, value]) => [`trailer-${name}`, value]);
}
