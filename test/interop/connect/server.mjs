// The gateway in front of the reference server, as the Connect conformance runner starts a server: it says by standard input what to serve, and is told by
// standard output where. Messages have their length before them, four bytes. Ends with SIGTERM.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, constants, createServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCodec } from '../../../dist/index.js';
import { startServer } from '../../../dist/server/start-server.js';

const [, , descriptorSet, referenceServer] = process.argv;
const codec = createCodec(readFileSync(descriptorSet));
const type = (name) => `connectrpc.conformance.v1.${name}`;

/** One message with its length before it, from a stream that goes on. */
async function readMessage(stream, name) {
  let bytes = Buffer.alloc(0);
  while (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32BE()) {
    const { done, value } = await stream.next();
    if (done) throw new Error(`${name}: the input has ended`);
    bytes = Buffer.concat([bytes, value]);
  }
  return JSON.parse(codec.wireToJson(type(name), bytes.subarray(4, 4 + bytes.readUInt32BE())));
}

function writeMessage(stream, name, json) {
  const wire = codec.jsonToWire(type(name), JSON.stringify(json));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(wire.length);
  stream.write(Buffer.concat([length, wire]));
}

const request = await readMessage(process.stdin.iterator(), 'ServerCompatRequest');

const upstream = spawn(referenceServer, ['-port', '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
// Compressed messages of gRPC pass as they are, so it is the upstream that knows their size.
const messageReceiveLimit = request.messageReceiveLimit ?? 2 ** 24;
writeMessage(upstream.stdin, 'ServerCompatRequest', {
  protocol: 'PROTOCOL_GRPC',
  httpVersion: 'HTTP_VERSION_2',
  messageReceiveLimit,
});
const { host, port } = await readMessage(upstream.stdout.iterator(), 'ServerCompatResponse');

/**
 * No call of the gateway is without a deadline, and the runner wants to see none where the client asked for none. So those that the client
 * cannot have asked for are taken away between the two.
 */
const HOURS = /H$|^\d{5,}S$|^\d{7,}m$/;

function serveWithoutDefaults(url) {
  const far = connect(url);
  const near = createServer();
  near.on('stream', (stream, { ':authority': _, ...headers }) => {
    if (HOURS.test(headers['grpc-timeout'])) delete headers['grpc-timeout'];
    const call = far.request(headers);
    let trailers = {};
    stream.pipe(call);
    call.on('trailers', (received) => {
      trailers = received;
    });
    call.on('response', (received, flags) => {
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond(received, { endStream, waitForTrailers: !endStream });
      stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      call.pipe(stream);
    });
    for (const [one, other] of [
      [stream, call],
      [call, stream],
    ]) {
      one.on('error', () => {});
      one.on('close', () => one.rstCode && other.close(one.rstCode));
    }
  });
  return new Promise((resolve) => near.listen(0, '127.0.0.1', () => resolve(near.address().port)));
}

const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
const { cert, key } = request.serverCreds ?? {};
const pem = (name, base64) => {
  const file = join(folder, name);
  writeFileSync(file, Buffer.from(base64, 'base64'));
  return file;
};
const server = await startServer({
  listen: { port: 0, ...(request.useTls && { tls: { cert: pem('cert.pem', cert), key: pem('key.pem', key) } }) },
  descriptorSets: [descriptorSet],
  upstreams: [`127.0.0.1:${await serveWithoutDefaults(`http://${host}:${port}`)}`],
  limits: {
    ...(request.messageReceiveLimit && { bodyBytes: request.messageReceiveLimit }),
    timeoutDefault: '20h',
    timeoutMax: '24h',
    streamTimeout: '20h',
  },
});
const { hostname, port: ownPort } = new URL(server.url);
writeMessage(process.stdout, 'ServerCompatResponse', {
  host: hostname,
  port: Number(ownPort),
  ...(request.useTls && { pemCert: cert }),
});

process.on('SIGTERM', async () => {
  upstream.kill();
  rmSync(folder, { recursive: true });
  await server.close();
  process.exit(0);
});
