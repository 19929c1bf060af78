/**
 * @module An upstream that is REST only, called by the rules of its methods: the gateway the other way round, for gRPC clients of a service that has
 * no gRPC.
 */
import { Agent, type IncomingHttpHeaders } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { Codec, JsonWriter } from '../../codec/codec.ts';
import type { Binding } from '../../routing/binding.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import { outgoingRequest } from '../../transcode/outgoing-request.ts';
import { replyTooLarge } from '../call-errors.ts';
import { withFrames } from '../frames.ts';
import { type ReplyQueue, replyQueueOf } from '../reply-queue.ts';
import type { CallOptions, ReplyStream, Transport, UnaryReply } from '../transport.ts';
import { errorOfAnswer } from './rest-error.ts';
import { createReplyReader, type ReplyReader } from './rest-replies.ts';
import { type Incoming, type Outgoing, sendHttp } from './send-http.ts';

export interface RestUpstreamOptions {
  /** `https://api.example.com/base`: the rules' paths stand behind it. */
  readonly url: string;
  /** Sent with each request, whatever the client sends: credentials. Names in lower case. */
  readonly headers: Metadata;
  /** Certificate authorities instead of the system's, PEM. */
  readonly ca?: Buffer | undefined;
  readonly maxReplyBytes: number;
}

/** How one method is called. */
interface RestMethod {
  readonly binding: Binding;
  readonly write: JsonWriter;
  readonly replies: ReplyReader;
}

const streamTypes = 'application/x-ndjson, text/event-stream;q=0.9, application/json;q=0.8';

/** Headers of an answer that speak of HTTP alone. */
const ownOfHttp =
  /^(?:connection|content-.*|date|etag|keep-alive|server|te|trailer|transfer-encoding|upgrade|vary|accept-ranges)$/;

/** Headers by which REST servers take a request for one of another method or path than the rule's, about which alone it was decided. */
const otherRequest =
  /^x[-_.](?:http[-_.]method(?:[-_.]override)?|method[-_.]override|original[-_.]ur[il]|rewrite[-_.]url)$/;

/** Calls the methods of the bindings, each by its first rule. The codec should skip members that it does not know. */
export function createRestTransport(
  bindings: readonly Binding[],
  codec: Codec,
  options: RestUpstreamOptions,
): Transport {
  const { url, maxReplyBytes } = options;
  const { origin, pathname } = new URL(url);
  const base = pathname.replace(/\/$/, '');
  const agent = origin.startsWith('https:')
    ? new TlsAgent({ keepAlive: true, ca: options.ca })
    : new Agent({ keepAlive: true });
  const methods = new Map<string, RestMethod>();
  for (const binding of bindings) {
    const { path, input } = binding.method;
    if (methods.has(path)) continue;
    methods.set(path, {
      binding,
      write: codec.messageWriter(input),
      replies: createReplyReader(binding, codec, maxReplyBytes),
    });
  }

  const methodOf = ({ path }: CallOptions): RestMethod => {
    const method = methods.get(path);
    if (method !== undefined) return method;
    throw new StatusError(GrpcCode.UNIMPLEMENTED, `${path} has no HTTP rule, by which alone ${url} can be called`);
  };
  /** The answer to a call when it is a good one. */
  const answerTo = async (method: RestMethod, call: CallOptions, messages: Messages): Promise<Incoming> => {
    const outgoing = outgoingOf(method, messages, headersOf(call, options.headers));
    const incoming = await sendHttp({ ...outgoing, origin, target: base + outgoing.target }, agent, call);
    const { statusCode = 0, headers } = incoming.response;
    if (statusCode >= 200 && statusCode < 300) return incoming;
    throw errorOfAnswer(statusCode, await bodyOf(incoming, maxReplyBytes), metadataOf(headers).headers, codec);
  };

  return withFrames({
    target: url,
    state: 'ready',
    async unary(call, messages): Promise<UnaryReply> {
      const method = methodOf(call);
      const incoming = await answerTo(method, call, messages);
      const { headers } = incoming.response;
      const body = await bodyOf(incoming, maxReplyBytes);
      return { message: method.replies.one(body, headers['content-type'] ?? ''), ...metadataOf(headers) };
    },
    stream(call, messages): ReplyStream {
      const over = new AbortController();
      const cancel = (): void => over.abort(call.signal?.reason);
      call.signal?.addEventListener('abort', cancel);
      if (call.signal?.aborted) cancel();
      const queue: ReplyQueue = replyQueueOf(
        replies(call, messages, over.signal, (headers) => queue.open(headers)),
        () => {
          call.signal?.removeEventListener('abort', cancel);
          over.abort();
        },
      );
      return queue;
    },
    connect() {},
    ready: () => Promise.resolve(),
    onStateChange: () => () => {},
    close: () => {
      agent.destroy();
      return Promise.resolve();
    },
  });

  async function* replies(
    call: CallOptions,
    messages: Messages,
    signal: AbortSignal,
    open: (headers: Metadata) => void,
  ): AsyncGenerator<Uint8Array, Metadata> {
    const method = methodOf(call);
    const { response, failureOf } = await answerTo(method, { ...call, signal }, messages);
    const { headers, trailers } = metadataOf(response.headers);
    open(headers);
    try {
      yield* method.replies.many(response, response.headers['content-type'] ?? '');
    } catch (error) {
      throw failureOf(error);
    }
    return trailers;
  }
}

type Messages = Uint8Array | AsyncIterable<Uint8Array>;

function outgoingOf(
  { binding, write }: RestMethod,
  messages: Messages,
  headers: Record<string, string>,
): Omit<Outgoing, 'origin'> {
  const accept = binding.method.isServerStreaming ? streamTypes : 'application/json, */*;q=0.1';
  if (binding.method.isClientStreaming) {
    const { method, target } = outgoingRequest(binding, {});
    return {
      method,
      target,
      headers: { ...headers, accept, 'content-type': 'application/x-ndjson' },
      body: lines(messages, write),
    };
  }
  const json = JSON.parse(Buffer.from(write(messages as Uint8Array)).toString());
  const { method, target, contentType, body } = outgoingRequest(binding, json);
  const length = body.length === 0 && contentType === undefined ? {} : { 'content-length': String(body.length) };
  return {
    method,
    target,
    headers: { ...headers, accept, ...(contentType && { 'content-type': contentType }), ...length },
    body,
  };
}

async function* lines(messages: Messages, write: JsonWriter): AsyncGenerator<Uint8Array, void> {
  for await (const message of messages instanceof Uint8Array ? [messages] : messages) {
    yield Buffer.concat([write(message), newline]);
  }
}

const newline: Buffer = Buffer.from('\n');

/** Metadata as headers; of one name the last value, but for the upstream's own which stay. */
function headersOf({ metadata, deadline }: CallOptions, own: Metadata): Record<string, string> {
  const timeoutMs = Math.max(1, Math.ceil(deadline - performance.now()));
  return Object.fromEntries([
    ...metadata.filter(
      ([name]) => !ownOfHttp.test(name) && !otherRequest.test(name) && !name.startsWith('grpc-') && name !== 'host',
    ),
    ['grpc-timeout', `${Math.min(timeoutMs, 99_999_999)}m`],
    ...own,
  ]);
}

function metadataOf(fields: IncomingHttpHeaders): { readonly headers: Metadata; readonly trailers: Metadata } {
  const all = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    value === undefined || ownOfHttp.test(name) ? [] : [[name, typeof value === 'string' ? value : value.join(', ')]],
  );
  const prefix = 'grpc-trailer-';
  return {
    headers: all.filter(([name]) => !name.startsWith('grpc-')),
    trailers: all.flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  };
}

async function bodyOf({ response, end, failureOf }: Incoming, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) {
        end();
        throw replyTooLarge(maxBytes, undefined);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw failureOf(error);
  }
  return Buffer.concat(chunks);
}
