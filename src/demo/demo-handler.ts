/**
 * Between grpc-js, which carries bytes, and the example's methods, which speak JSON: the codec both ways, metadata, and
 * errors as google.rpc.Status.
 */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerDuplexStream,
  ServerWritableStream,
  StatusObject,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import type { Codec } from '../codec/codec.ts';
import type { MessageDescriptor, MethodDescriptor } from '../schema/descriptors.ts';
import { GrpcCode } from '../status/code.ts';
import { DemoError } from './demo-error.ts';
import type { DemoCall, DemoMethod, Json } from './method.ts';

type Bytes = Uint8Array;
/** What every kind of call has. */
interface ServerCall {
  readonly metadata: Metadata;
  sendMetadata(headers: Metadata): void;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** A grpc-js handler over bytes that runs the method. */
export function demoHandler(method: DemoMethod, { input, output }: MethodDescriptor, codec: Codec): UntypedHandleCall {
  const requestOf = jsonReader(codec, input);
  const bytesOf = jsonWriter(codec, output);
  const statusOf = (error: unknown, trailers: Metadata): StatusObject => demoStatus(error, trailers, codec);
  switch (method.kind) {
    case 'unary':
      return ((call, reply) => {
        const { context, trailers, sendHeaders } = callOf(call);
        const run = async (): Promise<Bytes> => bytesOf(await method.run(requestOf(call.request), context));
        run().then(
          (bytes) => {
            sendHeaders();
            reply(null, bytes, trailers);
          },
          (error) => reply(statusOf(error, trailers)),
        );
      }) satisfies handleUnaryCall<Bytes, Bytes>;
    case 'clientStream':
      return ((call, reply) => {
        const { context, trailers, sendHeaders } = callOf(call);
        method.run(requests(call, requestOf), context).then(
          (json) => {
            sendHeaders();
            reply(null, bytesOf(json), trailers);
          },
          (error) => reply(statusOf(error, trailers)),
        );
      }) satisfies handleClientStreamingCall<Bytes, Bytes>;
    case 'serverStream':
      return ((call) => {
        const { context, trailers } = callOf(call);
        void send(call, () => method.run(requestOf(call.request), context), bytesOf, context.signal).then(
          () => call.end(trailers),
          (error) => call.emit('error', statusOf(error, trailers)),
        );
      }) satisfies handleServerStreamingCall<Bytes, Bytes>;
    case 'bidi':
      return ((call) => {
        const { context, trailers } = callOf(call);
        void send(call, () => method.run(requests(call, requestOf), context), bytesOf, context.signal).then(
          () => call.end(trailers),
          (error) => call.emit('error', statusOf(error, trailers)),
        );
      }) satisfies handleBidiStreamingCall<Bytes, Bytes>;
  }
}

// A finished iteration would destroy the stream, and with it the replies that are still to come.
async function* requests(call: Readable, requestOf: (bytes: Bytes) => Json): AsyncGenerator<Json> {
  for await (const bytes of call.iterator({ destroyOnReturn: false })) yield requestOf(bytes);
}

async function send(
  call: ServerWritableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>,
  run: () => AsyncIterable<Json>,
  bytesOf: (json: Json) => Bytes,
  signal: AbortSignal,
): Promise<void> {
  for await (const reply of run()) {
    if (!call.write(bytesOf(reply))) await once(call, 'drain', { signal });
  }
}

function callOf(call: ServerCall): {
  readonly context: DemoCall;
  readonly trailers: Metadata;
  readonly sendHeaders: () => void;
} {
  const headers = new Metadata();
  const trailers = new Metadata();
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  return {
    trailers,
    sendHeaders: () => call.sendMetadata(headers),
    context: {
      metadata: (name) => call.metadata.get(name)[0]?.toString(),
      setHeader: (name, value) => headers.set(name, value),
      setTrailer: (name, value) => trailers.set(name, value),
      signal: gone.signal,
    },
  };
}

function jsonReader(codec: Codec, type: MessageDescriptor): (bytes: Bytes) => Json {
  const toJson = codec.messageWriter(type);
  return (bytes) => JSON.parse(new TextDecoder().decode(toJson(bytes)));
}

function jsonWriter(codec: Codec, type: MessageDescriptor): (json: Json) => Bytes {
  const toWire = codec.messageReader(type);
  return (json) => toWire(new TextEncoder().encode(JSON.stringify(json)));
}

function demoStatus(error: unknown, trailers: Metadata, codec: Codec): StatusObject {
  if (!(error instanceof DemoError))
    return { code: GrpcCode.UNKNOWN, details: 'the example has a bug', metadata: trailers };
  const { code, message, details } = error;
  const status = codec.schema.messages.get('google.rpc.Status');
  if (status !== undefined && details.length > 0) {
    const bytes = jsonWriter(codec, status)({ code, message, details });
    trailers.set('grpc-status-details-bin', Buffer.from(bytes));
  }
  return { code, details: message, metadata: trailers };
}
