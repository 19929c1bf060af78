/**
 * gRPC-Web (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md): gRPC whose trailers are the last envelope of the body. They are
 * never HTTP headers here, where a browser would have to be allowed to see them.
 */
import type { StatusError } from '../../status/status-error.ts';
import { timeoutOf } from '../deadline.ts';
import type { HttpRequest, Metadata } from '../exchange.ts';
import { statusOf } from '../grpc-status.ts';
import { codecNamed, type Dialect } from './dialect.ts';
import { EnvelopeDialect, type EnvelopeProtocol } from './envelope-dialect.ts';
import type { Envelope } from './envelopes.ts';

const TRAILERS = 0x80;

const grpcWeb: EnvelopeProtocol = {
  protocol: 'grpc-web',
  codingHeader: 'grpc-encoding',
  acceptHeader: 'grpc-accept-encoding',
  timeoutOf,
  refusal: () => undefined,
  end: writeTrailers,
};

/** The dialect of a media type such as `application/grpc-web-text+proto`; undefined when it is none of gRPC-Web's. */
export function grpcWebDialect(mediaType: string, headers: HttpRequest['headers']): Dialect | undefined {
  const [, text, codecName = 'proto'] = /^application\/grpc-web(-text)?(?:\+(.+))?$/.exec(mediaType) ?? [
    mediaType,
    '',
    '',
  ];
  const codec = codecNamed(codecName);
  if (codec === undefined) return undefined;
  const contentType = `application/grpc-web${text ?? ''}+${codec}`;
  return new EnvelopeDialect(grpcWeb, headers, { contentType, codec, isText: text !== undefined });
}

/** A status, as gRPC has it in trailers; names in lower case, one a line. */
function writeTrailers(trailers: Metadata, error: StatusError | undefined): Envelope {
  const entries = [...statusOf(error), ...trailers];
  const lines = entries.map(([name, value]) => `${name}: ${value}\r\n`);
  return { flags: TRAILERS, payload: Buffer.from(lines.join('')) };
}
