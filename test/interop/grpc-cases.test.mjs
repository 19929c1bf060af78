// The cases that gRPC's own clients are tested with, over both transports, against the interop services of grpc-go and grpc-java (only the
// latter compresses when asked). Outside `npm test` since it needs Go and Java:
//
//     npm run build && npm run interop
// https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createCodec } from '../../dist/codec/create-codec.js';
import { loadSchema } from '../../dist/schema/load-schema.js';
import { createGrpcJsTransport } from '../../dist/upstream/grpc-js-transport.js';
import { createHttp2Transport } from '../../dist/upstream/http2-transport.js';
import { parseTarget } from '../../dist/upstream/target.js';
import { missing, servers } from './tools.mjs';

const { schema } = await loadSchema({ protos: [join(import.meta.dirname, 'grpc_testing.proto')] });
const codec = createCodec(schema);
const zeros = (bytes) => ({ body: Buffer.alloc(bytes).toString('base64') });
const sizeOf = ({ payload }) => Buffer.from(payload?.body ?? '', 'base64').length;

/** A call in JSON: `reply` for one, `replies` to iterate over. */
function caller(transport) {
  const prepare = (name, { metadata = [], timeoutMs = 10_000, signal, service = 'TestService' } = {}) => {
    const method = schema.methods.get(`grpc.testing.${service}.${name}`);
    const read = codec.messageReader(method.input);
    const write = codec.messageWriter(method.output);
    return {
      options: { path: method.path, metadata, deadline: performance.now() + timeoutMs, signal },
      bytesOf: (json) => read(Buffer.from(JSON.stringify(json))),
      jsonOf: (bytes) => JSON.parse(Buffer.from(write(bytes)).toString()),
    };
  };
  return {
    async reply(name, request, options) {
      const { options: callOptions, bytesOf, jsonOf } = prepare(name, options);
      const { message, headers, trailers } = await transport.unary(callOptions, bytesOf(request));
      return { json: jsonOf(message), headers, trailers };
    },
    replies(name, requests, options) {
      const { options: callOptions, bytesOf, jsonOf } = prepare(name, options);
      async function* messages() {
        for await (const request of requests) yield bytesOf(request);
      }
      const stream = transport.stream(callOptions, Symbol.asyncIterator in requests ? messages() : bytesOf(requests));
      async function* replies() {
        for await (const batch of stream) yield* batch.map(jsonOf);
      }
      return { replies: replies(), stream };
    },
  };
}

async function all(replies) {
  const collected = [];
  for await (const reply of replies) collected.push(reply);
  return collected;
}

async function* each(values) {
  yield* values;
}

/** Requests that are sent one at a time, when asked for. */
function turns() {
  let wake;
  const queue = [];
  async function* requests() {
    for (;;) {
      if (queue.length === 0) await new Promise((resolve) => (wake = resolve));
      const request = queue.shift();
      if (request === undefined) return;
      yield request;
    }
  }
  const push = (request) => {
    queue.push(request);
    wake?.();
  };
  return { requests: requests(), send: push, end: () => push(undefined) };
}

const sizes = [
  [31_415, 27_182],
  [9, 8],
  [2653, 1828],
  [58_979, 45_904],
];
const status = { code: 2, message: 'test status message' };
const special = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP \u{1F608}\t\n';
const metadata = [
  ['x-grpc-test-echo-initial', 'test_initial_metadata_value'],
  ['x-grpc-test-echo-trailing-bin', Buffer.from('ababab', 'hex').toString('base64')],
];

const cases = {
  empty_unary: async ({ reply }) => assert.deepEqual((await reply('EmptyCall', {})).json, {}),

  large_unary: async ({ reply }) => {
    const { json } = await reply('UnaryCall', { responseSize: 314_159, payload: zeros(271_828) });
    assert.equal(sizeOf(json), 314_159);
  },

  client_streaming: async ({ replies }) => {
    const requests = [27_182, 8, 1828, 45_904].map((size) => ({ payload: zeros(size) }));
    const call = replies('StreamingInputCall', each(requests));
    assert.deepEqual(await all(call.replies), [{ aggregatedPayloadSize: 74_922 }]);
  },

  server_streaming: async ({ replies }) => {
    const call = replies('StreamingOutputCall', { responseParameters: sizes.map(([size]) => ({ size })) });
    assert.deepEqual(
      (await all(call.replies)).map(sizeOf),
      sizes.map(([size]) => size),
    );
  },

  ping_pong: async ({ replies }) => {
    const { requests, send, end } = turns();
    const call = replies('FullDuplexCall', requests);
    for (const [size, payload] of sizes) {
      send({ responseParameters: [{ size }], payload: zeros(payload) });
      assert.equal(sizeOf((await call.replies.next()).value), size);
    }
    end();
    assert.equal((await call.replies.next()).done, true);
  },

  empty_stream: async ({ replies }) => assert.deepEqual(await all(replies('FullDuplexCall', each([])).replies), []),

  timeout_on_sleeping_server: async ({ replies }) => {
    const request = { payload: zeros(27_182), responseParameters: [{ size: 31_415, intervalUs: 1_000_000 }] };
    const { requests, send } = turns();
    const call = replies('FullDuplexCall', requests, { timeoutMs: 5 });
    send(request);
    await assert.rejects(all(call.replies), { codeName: 'DEADLINE_EXCEEDED' });
  },

  cancel_after_begin: async ({ replies }) => {
    const controller = new AbortController();
    const call = replies('StreamingInputCall', turns().requests, { signal: controller.signal });
    setTimeout(() => controller.abort(), 10);
    await assert.rejects(all(call.replies), { codeName: 'CANCELLED' });
  },

  cancel_after_first_response: async ({ replies }) => {
    const controller = new AbortController();
    const { requests, send } = turns();
    const call = replies('FullDuplexCall', requests, { signal: controller.signal });
    send({ responseParameters: [{ size: 31_415 }], payload: zeros(27_182) });
    assert.equal(sizeOf((await call.replies.next()).value), 31_415);
    controller.abort();
    await assert.rejects(all(call.replies), { codeName: 'CANCELLED' });
  },

  status_code_and_message: async ({ reply, replies }) => {
    const expected = { codeName: 'UNKNOWN', message: status.message };
    await assert.rejects(reply('UnaryCall', { responseStatus: status }), expected);
    await assert.rejects(all(replies('FullDuplexCall', each([{ responseStatus: status }])).replies), expected);
  },

  special_status_message: async ({ reply }) => {
    const call = reply('UnaryCall', { responseStatus: { code: 2, message: special } });
    await assert.rejects(call, { codeName: 'UNKNOWN', message: special });
  },

  custom_metadata: async ({ reply, replies }) => {
    const own = (entries) => entries.filter(([name]) => name.startsWith('x-grpc-test'));
    const request = { responseSize: 314_159, payload: zeros(271_828) };
    const { headers, trailers } = await reply('UnaryCall', request, { metadata });
    assert.deepEqual([own(headers), own(trailers)], [[metadata[0]], [metadata[1]]]);
    const { requests, send, end } = turns();
    const call = replies('FullDuplexCall', requests, { metadata });
    send({ responseParameters: [{ size: 314_159 }], payload: zeros(271_828) });
    end();
    await all(call.replies);
    assert.deepEqual([own(await call.stream.headers), own(await call.stream.trailers)], [[metadata[0]], [metadata[1]]]);
  },

  unimplemented_method: ({ reply }) => assert.rejects(reply('UnimplementedCall', {}), { codeName: 'UNIMPLEMENTED' }),

  unimplemented_service: ({ reply }) =>
    assert.rejects(reply('UnimplementedCall', {}, { service: 'UnimplementedService' }), { codeName: 'UNIMPLEMENTED' }),
};

const compressed = { value: true };
const compressedCases = {
  server_compressed_unary: async ({ reply }) => {
    for (const responseCompressed of [compressed, { value: false }]) {
      const request = { responseCompressed, responseSize: 314_159, payload: zeros(271_828) };
      assert.equal(sizeOf((await reply('UnaryCall', request)).json), 314_159);
    }
  },

  server_compressed_streaming: async ({ replies }) => {
    const responseParameters = [{ size: 31_415, compressed }, { size: 92_653 }];
    const call = replies('StreamingOutputCall', { responseParameters });
    assert.deepEqual((await all(call.replies)).map(sizeOf), [31_415, 92_653]);
  },
};

const transports = { 'grpc-js': createGrpcJsTransport, http2: createHttp2Transport };

for (const [language, server] of Object.entries(servers)) {
  const why = missing(server);
  // Where everything is installed on purpose, nothing may be left out in silence.
  if (why && process.env.CI) test(language, () => assert.fail(why));
  describe(`gRPC's interop cases, ${language}`, { skip: why, timeout: 180_000 }, () => {
    let running;
    before(async () => {
      running = await server.start();
    });
    after(() => running?.stop());

    for (const [transportName, create] of Object.entries(transports)) {
      for (const [name, run] of Object.entries({ ...cases, ...(server.compresses && compressedCases) })) {
        test(`${transportName}: ${name}`, async () => {
          const transport = create(parseTarget(`127.0.0.1:${running.match[1]}`));
          try {
            await run(caller(transport));
          } finally {
            await transport.close();
          }
        });
      }
    }
  });
}
