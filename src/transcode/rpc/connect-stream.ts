/**
 * Connect's streams (https://connectrpc.com/docs/protocol, "Streaming-Request"): the last envelope holds the trailers and the error as JSON.
 */
import type { StatusError } from '../../status/status-error.ts';
import { connectTimeoutOf } from '../deadline.ts';
import type { HttpRequest, Metadata } from '../exchange.ts';
import { connectErrorOf } from './connect-error.ts';
import { versionRefusal } from './connect-unary.ts';
import { codecNamed, type Dialect } from './dialect.ts';
import { EnvelopeDialect, type EnvelopeProtocol } from './envelope-dialect.ts';
import type { Envelope } from './envelopes.ts';

const END_STREAM = 0x02;

const connectStream: EnvelopeProtocol = {
  protocol: 'connect',
  codingHeader: 'connect-content-encoding',
  acceptHeader: 'connect-accept-encoding',
  timeoutOf: connectTimeoutOf,
  refusal: (headers) => versionRefusal(headers['connect-protocol-version'], '1'),
  end: writeEndOfStream,
};

/** The dialect of `application/connect+proto` or `application/connect+json`; undefined for any other media type. */
export function connectStreamDialect(mediaType: string, headers: HttpRequest['headers']): Dialect | undefined {
  const [, name = ''] = /^application\/connect\+(.+)$/.exec(mediaType) ?? [];
  const codec = codecNamed(name);
  return codec && new EnvelopeDialect(connectStream, headers, { contentType: mediaType, codec });
}

function writeEndOfStream(trailers: Metadata, error: StatusError | undefined): Envelope {
  const metadata = new Map<string, string[]>();
  for (const [name, value] of trailers) metadata.set(name, [...(metadata.get(name) ?? []), value]);
  const end = {
    ...(error && { error: connectErrorOf(error) }),
    ...(metadata.size > 0 && { metadata: Object.fromEntries(metadata) }),
  };
  return { flags: END_STREAM, payload: Buffer.from(JSON.stringify(end)) };
}
