/**
 * A grpc-js server that sends back what it gets, in every kind of call: `/test.Echo/Unary`, `ServerStream` (each byte of
 * the request as a message), `ClientStream` (all messages joined), `Bidi`. Metadata whose names begin with `x-` comes
 * back as initial metadata, with `trailer-` before it as trailing metadata too.
 */
import * as grpc from '@grpc/grpc-js';

export interface EchoUpstream {
  readonly target: string;
  /** The metadata of each call. */
  readonly received: readonly grpc.Metadata[];
  close(): Promise<void>;
}

const identity = (bytes: Buffer): Buffer => bytes;
const definition: grpc.ServiceDefinition = Object.fromEntries(
  ['Unary', 'ServerStream', 'ClientStream', 'Bidi'].map((name) => [
    name,
    {
      path: `/test.Echo/${name}`,
      requestStream: name === 'ClientStream' || name === 'Bidi',
      responseStream: name === 'ServerStream' || name === 'Bidi',
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  ]),
);

/** Starts it on a free port of 127.0.0.1, or on a socket file. */
export async function startEchoUpstream(
  address = '127.0.0.1:0',
  serverCredentials: grpc.ServerCredentials = grpc.ServerCredentials.createInsecure(),
): Promise<EchoUpstream> {
  const received: grpc.Metadata[] = [];
  const greet = (call: Call): grpc.Metadata => {
    received.push(call.metadata);
    return sendBack(call);
  };
  const server = new grpc.Server();
  server.addService(definition, {
    Unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) =>
      done(null, call.request, greet(call)),
    ServerStream: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
      const trailers = greet(call);
      for (const byte of call.request) call.write(Buffer.from([byte]));
      call.end(trailers);
    },
    ClientStream: (call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      const trailers = greet(call);
      const parts: Buffer[] = [];
      call.on('data', (part: Buffer) => parts.push(part));
      call.on('end', () => done(null, Buffer.concat(parts), trailers));
    },
    Bidi: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      const trailers = greet(call);
      call.on('data', (message: Buffer) => call.write(message));
      call.on('end', () => call.end(trailers));
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, serverCredentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    received,
    target: address.startsWith('unix:') ? address : `127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
  };
}

interface Call {
  readonly metadata: grpc.Metadata;
  sendMetadata(metadata: grpc.Metadata): void;
}

function sendBack(call: Call): grpc.Metadata {
  const headers = new grpc.Metadata();
  const trailers = new grpc.Metadata();
  for (const [name, values] of Object.entries(call.metadata.toJSON())) {
    if (!name.startsWith('x-')) continue;
    for (const value of values) {
      headers.add(name, value as string);
      trailers.add(`trailer-${name}`, value as string);
    }
  }
  call.sendMetadata(headers);
  return trailers;
}
