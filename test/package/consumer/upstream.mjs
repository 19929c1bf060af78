// A greeter that answers with the bytes it got: HelloReply.message is HelloRequest.name.
import grpc from '@grpc/grpc-js';

const same = (bytes) => bytes;
const SayHello = {
  path: '/example.Greeter/SayHello',
  requestStream: false,
  responseStream: false,
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};

/** Starts it on a free port; resolves to the server and its target. */
export async function startUpstream() {
  const server = new grpc.Server();
  server.addService({ SayHello }, { SayHello: (call, done) => done(null, call.request) });
  const port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { target: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}
