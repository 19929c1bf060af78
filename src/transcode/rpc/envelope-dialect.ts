/**
 * Calls whose messages stand in envelopes, their status in the last one: gRPC-Web, binary and text, and Connect's streams.
 */
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { type HttpReply, type HttpRequest, headerText, type Metadata } from '../exchange.ts';
import { frameHeadBytes } from '../grpc-framing.ts';
import { Base64Decoder } from './base64-text.ts';
import {
  codingRefusal,
  type Dialect,
  type MessageCodec,
  type Payload,
  type PayloadReader,
  type ReplyMetadata,
  type StreamDialect,
  takesGzip,
  wrongCount,
} from './dialect.ts';
import { COMPRESSED, type Envelope, EnvelopeSplitter, writeEnvelope } from './envelopes.ts';

/** In what one of these protocols is not like the others. */
export interface EnvelopeProtocol {
  readonly protocol: Dialect['protocol'];
  /** The header that names the compression of the messages behind it, in requests and answers. */
  readonly codingHeader: string;
  readonly acceptHeader: string;
  timeoutOf(headers: HttpRequest['headers'], defaultMs: number, maxMs: number): number;
  refusal(headers: HttpRequest['headers']): StatusError | undefined;
  /** The last envelope of an answer. */
  end(trailers: Metadata, error: StatusError | undefined): Envelope;
}

/** The form of one call in one of these protocols. */
export class EnvelopeDialect implements Dialect {
  readonly protocol: Dialect['protocol'];
  readonly codec: MessageCodec;
  readonly refusal: StatusError | undefined;
  readonly mayBeCompressed: boolean;
  readonly acceptsGzip: boolean;
  readonly stream: StreamDialect;
  readonly #protocol: EnvelopeProtocol;
  readonly #requestHeaders: HttpRequest['headers'];
  readonly #isText: boolean;

  /** `contentType` is that of the answer, and what `headers` belong to. */
  constructor(
    protocol: EnvelopeProtocol,
    headers: HttpRequest['headers'],
    { contentType, codec, isText = false }: { contentType: string; codec: MessageCodec; isText?: boolean },
  ) {
    const coding = headerText(headers[protocol.codingHeader]) ?? 'identity';
    this.protocol = protocol.protocol;
    this.codec = codec;
    this.refusal = protocol.refusal(headers) ?? codingRefusal(coding);
    this.mayBeCompressed = coding !== 'identity';
    this.acceptsGzip = takesGzip(headerText(headers[protocol.acceptHeader]) ?? coding);
    this.#protocol = protocol;
    this.#requestHeaders = headers;
    this.#isText = isText;
    const replyCoding: Metadata = this.acceptsGzip ? [[protocol.codingHeader, 'gzip']] : [];
    this.stream = {
      headers: [['content-type', contentType], ...replyCoding],
      message: ({ bytes, isCompressed }) => this.#write({ flags: isCompressed ? COMPRESSED : 0, payload: bytes }),
      end: (trailers, error) => this.#write(protocol.end(trailers, error)),
    };
  }

  bodyLimit(messageBytes: number): number {
    const bytes = frameHeadBytes + messageBytes;
    // Four characters for three bytes, and padding wherever a piece ends.
    return this.#isText ? bytes * 2 : bytes;
  }

  timeoutOf(defaultMs: number, maxMs: number): number {
    return this.#protocol.timeoutOf(this.#requestHeaders, defaultMs, maxMs);
  }

  onlyPayload({ body }: HttpRequest, maxBytes: number): Payload {
    const reader = this.payloadReader(maxBytes);
    const payloads = reader.push(body);
    reader.end();
    const [payload] = payloads;
    if (payload === undefined || payloads.length > 1) throw wrongCount(payloads.length);
    return payload;
  }

  payloadReader(maxBytes: number): PayloadReader {
    const envelopes = new EnvelopeSplitter(maxBytes);
    const text = this.#isText ? new Base64Decoder() : undefined;
    return {
      push: (chunk) => envelopes.push(text?.push(chunk) ?? chunk).map(payloadOf),
      end: () => {
        text?.end();
        envelopes.end();
      },
    };
  }

  reply(payload: Payload, { headers, trailers }: ReplyMetadata): HttpReply {
    const body = Buffer.concat([this.stream.message(payload), this.stream.end(trailers, undefined)]);
    return { status: 200, headers: [...this.stream.headers, ...headers], body };
  }

  failure(error: StatusError, headers: Metadata): HttpReply {
    return { status: 200, headers: [...this.stream.headers, ...headers], body: this.stream.end(error.trailers, error) };
  }

  #write(envelope: Envelope): Uint8Array {
    const bytes = writeEnvelope(envelope);
    return this.#isText ? Buffer.from(bytes.toString('base64')) : bytes;
  }
}

function payloadOf({ flags, payload }: Envelope): Payload {
  if (flags > COMPRESSED)
    throw new StatusError(GrpcCode.INVALID_ARGUMENT, `no message of a request has the flags ${flags}`);
  return { bytes: payload, isCompressed: flags === COMPRESSED };
}
