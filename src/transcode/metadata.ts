/**
 * @module HTTP headers to gRPC metadata and back. Upstream goes what an allow-list names and nothing else: one forwarded
 * `connection`, `content-length` or doubled `range` kills an HTTP/2 session that other calls share.
 */
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import type { HttpRequest, Metadata } from './exchange.ts';
import type { MetadataOptions, TranscodeLimits } from './options.ts';

const forwarded: ReadonlySet<string> = new Set([
  'authorization',
  'traceparent',
  'tracestate',
  'baggage',
  'accept-language',
  'last-event-id',
]);

/** Never forwarded, whatever the configuration says: HTTP's own framing, and what gRPC or the gateway sets itself. */
const neverForwarded: ReadonlySet<string> = new Set([
  'connection',
  'cookie',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What a client of gRPC says of itself, and the gateway says of itself to the upstream. */
const aboutClient: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'user-agent']);

/** Reply metadata that would change how the HTTP answer is read, or speak for the gateway's own origin. */
const heldBack: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'location',
  'proxy-authenticate',
  'proxy-connection',
  'server',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The metadata that a request's headers become. Values are printable ASCII, those of `-bin` names base64 in either alphabet (sent on
 * in the standard one); anything else is INVALID_ARGUMENT naming the header. Over the limits: 431.
 */
export function metadataOf(
  headers: HttpRequest['headers'],
  options: MetadataOptions,
  limits: TranscodeLimits,
): Metadata {
  return collectMetadata(headers, (name) => isForwarded(name, options), limits);
}

/** The metadata that a gRPC client's headers become: all but what HTTP and gRPC keep to themselves. Throws as `metadataOf` does. */
export function grpcMetadataOf(headers: HttpRequest['headers'], limits: TranscodeLimits): Metadata {
  return collectMetadata(headers, isCustom, limits);
}

function collectMetadata(
  headers: HttpRequest['headers'],
  isWanted: (name: string) => boolean,
  limits: TranscodeLimits,
): Metadata {
  const metadata: (readonly [string, string])[] = [];
  let bytes = 0;
  const hopByHop = connectionTokens(headers['connection']);
  for (const name in headers) {
    if (!isWanted(name) || hopByHop?.has(name)) continue;
    const raw = headers[name];
    if (raw === undefined) continue;
    const value = typeof raw === 'string' ? raw : raw.join(', ');
    bytes += name.length + value.length;
    if (name.endsWith('-bin')) for (const item of value.split(',')) metadata.push([name, base64Of(name, item.trim())]);
    else metadata.push([name, asciiOf(name, value)]);
  }
  if (bytes > limits.metadataBytes || metadata.length > limits.metadataPairs) {
    throw new StatusError(GrpcCode.INVALID_ARGUMENT, 'the request headers that go upstream are too large', {
      httpStatus: 431,
    });
  }
  return metadata;
}

/** With the API key of a query's `key` parameter, where it is asked for and the client has not sent the header as well. */
export function withKey(metadata: Metadata, key: string | undefined, { keyHeader }: MetadataOptions): Metadata {
  if (key === undefined || keyHeader === undefined || metadata.some(([name]) => name === keyHeader)) return metadata;
  return [...metadata, [keyHeader, asciiOf('key', key)]];
}

function isForwarded(name: string, { requestHeaders }: MetadataOptions): boolean {
  if (forwarded.has(name)) return true;
  const isAllowed = name.startsWith('x-') || name.endsWith('-bin') || requestHeaders.has(name);
  return isAllowed && !neverForwarded.has(name) && isName(name) && !name.startsWith('content-');
}

/** gRPC's "Custom-Metadata" with the names that it allows, and those of HTTP that do not speak of this connection or its client. */
function isCustom(name: string): boolean {
  if (neverForwarded.has(name) || aboutClient.has(name)) return false;
  return isName(name) && !name.startsWith('content-');
}

/** gRPC's "Header-Name"; HTTP's has more characters. What begins with `grpc-` is gRPC's own. */
function isName(name: string): boolean {
  return /^[0-9a-z_.-]+$/.test(name) && !name.startsWith('grpc-');
}

/** The header names that `Connection` makes hop-by-hop (RFC 9110, 7.6.1). */
function connectionTokens(connection: string | readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(
    String(connection)
      .split(',')
      .map((token) => token.trim().toLowerCase()),
  );
}

function asciiOf(name: string, value: string): string {
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x20 || unit > 0x7e) {
      throw StatusError.invalidField(name, 'a header that goes upstream holds printable ASCII only');
    }
  }
  return value;
}

function base64Of(name: string, value: string): string {
  const standard = value.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  const isBase64 = /^[A-Za-z0-9+/]*$/.test(standard) && standard.length % 4 !== 1;
  if (!isBase64) throw StatusError.invalidField(name, 'a header whose name ends in -bin holds base64');
  return Buffer.from(standard, 'base64').toString('base64');
}

/** The response headers that a reply's initial metadata become. */
export function headersOf(metadata: Metadata, options: MetadataOptions): Metadata {
  return metadata.length === 0 ? metadata : metadata.filter(([name]) => isShown(name, options));
}

/** Trailers of a unary call, as headers with the prefix `grpc-trailer-`. */
export function trailerHeadersOf(trailers: Metadata, options: MetadataOptions): Metadata {
  if (trailers.length === 0) return trailers;
  return headersOf(trailers, options).map(([name, value]) => [`grpc-trailer-${name}`, value] as const);
}

/** The headers or trailers that metadata become for a gRPC client, who reads all: each name once, and what HTTP/2 cannot carry left out. */
export function grpcHeadersOf(metadata: Metadata): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of metadata) {
    if (neverForwarded.has(name) || name === 'content-type' || name === 'content-length' || name === 'date') continue;
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before},${value}`;
  }
  return headers;
}

function isShown(name: string, { responseHeaders }: MetadataOptions): boolean {
  if (name.startsWith('grpc-') || name.startsWith(':')) return false;
  if (responseHeaders.has(name)) return true;
  return !heldBack.has(name) && !name.startsWith('access-control-');
}
