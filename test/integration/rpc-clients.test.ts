/** Clients of Connect and gRPC-Web that others wrote: every call of the example through each of them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  type DescMethod,
  type DescMethodBiDiStreaming,
  type DescMethodUnary,
  fromJson,
  type JsonValue,
  type Message,
  toJson,
} from '@bufbuild/protobuf';
import { Code, ConnectError, type Transport } from '@connectrpc/connect';
import * as node from '@connectrpc/connect-node';
import * as web from '@connectrpc/connect-web';
import { demoProtos, startDemo } from '../../src/demo/start-demo.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { createMessages, type Messages } from '../upstreams/messages.ts';

let demo: Awaited<ReturnType<typeof startDemo>>;
let server: RunningServer;
let messages: Messages;

before(async () => {
  demo = await startDemo();
  server = await startServer({
    protos: [demoProtos()],
    upstreams: [demo.target],
    listen: { host: '127.0.0.1', port: 0 },
  });
  messages = createMessages(server.gateway.generation.schema);
});

after(async () => {
  await server?.close();
  await demo.close();
});

const gzip = {
  acceptCompression: [node.compressionGzip],
  sendCompression: node.compressionGzip,
  compressMinBytes: 0,
};

/** A client by name. Browsers cannot send streams. */
const clients: Readonly<Record<string, { readonly open: () => Transport; readonly sendsStreams: boolean }>> = {
  'connect-web, Connect in JSON': {
    open: () => web.createConnectTransport({ baseUrl: server.url, useBinaryFormat: false }),
    sendsStreams: false,
  },
  'connect-web, Connect in protobuf, by GET where it may': {
    open: () => web.createConnectTransport({ baseUrl: server.url, useBinaryFormat: true, useHttpGet: true }),
    sendsStreams: false,
  },
  'connect-web, gRPC-Web': {
    open: () => web.createGrpcWebTransport({ baseUrl: server.url }),
    sendsStreams: false,
  },
  'connect-node, Connect in JSON, compressed': {
    open: () =>
      node.createConnectTransport({ baseUrl: server.url, httpVersion: '1.1', useBinaryFormat: false, ...gzip }),
    sendsStreams: true,
  },
  'connect-node, Connect in protobuf': {
    open: () => node.createConnectTransport({ baseUrl: server.url, httpVersion: '1.1', useBinaryFormat: true }),
    sendsStreams: true,
  },
  'connect-node, gRPC-Web, compressed': {
    open: () => node.createGrpcWebTransport({ baseUrl: server.url, httpVersion: '1.1', ...gzip }),
    sendsStreams: true,
  },
  'connect-node over HTTP/2, Connect in protobuf': {
    open: () => node.createConnectTransport({ baseUrl: server.url, httpVersion: '2', useBinaryFormat: true }),
    sendsStreams: true,
  },
  'connect-node over HTTP/2, gRPC-Web': {
    open: () => node.createGrpcWebTransport({ baseUrl: server.url, httpVersion: '2' }),
    sendsStreams: true,
  },
};

interface Reply {
  readonly json: readonly unknown[];
  readonly header: Headers;
  readonly trailer: Headers;
}

interface Asking {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly headers?: Record<string, string>;
}

/** Calls `package.Service/Method` with messages in JSON. */
async function call(
  transport: Transport,
  name: string,
  inputs: readonly unknown[],
  asking: Asking = {},
): Promise<Reply> {
  const method = methodNamed(name);
  const { signal, timeoutMs, headers } = asking;
  const input = inputs.map((json) => fromJson(method.input, json as JsonValue, messages));
  if (method.methodKind === 'unary') {
    const reply = await transport.unary(method as DescMethodUnary, signal, timeoutMs, headers, input[0] as Message);
    return { ...reply, json: [jsonOf(method, reply.message)] };
  }
  const reply = await transport.stream(method as DescMethodBiDiStreaming, signal, timeoutMs, headers, each(input));
  const json: unknown[] = [];
  for await (const message of reply.message) json.push(jsonOf(method, message));
  return { ...reply, json };
}

function methodNamed(name: string): DescMethod {
  const [service = '', methodName] = name.split('/');
  const method = messages.registry.getService(service)?.methods.find((each) => each.name === methodName);
  assert.ok(method, name);
  return method;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function jsonOf(method: DescMethod, message: Message): unknown {
  return toJson(method.output, message, messages);
}

async function errorOf(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => assert.fail('the call went well'),
    (reason) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return error;
}

const library = 'example.library.v1.Library';

for (const [name, { open, sendsStreams }] of Object.entries(clients)) {
  describe(name, () => {
    test('one reply, with metadata both ways', async () => {
      const { json, header, trailer } = await call(open(), 'example.Greeter/SayHello', [{ name: 'Wörld' }]);
      assert.deepEqual(json, [{ message: 'Hello Wörld' }]);
      assert.deepEqual([header.get('x-greeter'), trailer.get('x-greeted')], ['tandem', '1']);
    });

    test('a long message both ways', async () => {
      const title = 'x'.repeat(100_000);
      const { json } = await call(open(), `${library}/CreateBook`, [{ parent: 'shelves/poetry', book: { title } }]);
      assert.equal((json[0] as { title: string }).title, title);
    });

    test('an error with its details', async () => {
      const error = await errorOf(call(open(), `${library}/GetShelf`, [{ name: 'shelves/none' }]));
      assert.deepEqual([error.code, error.rawMessage], [Code.NotFound, 'Shelf "shelves/none" does not exist']);
      const type = messages.registry.getMessage('google.rpc.ResourceInfo');
      assert.ok(type);
      const [detail] = error.findDetails(type);
      assert.deepEqual(detail && toJson(type, detail), { resourceType: 'Shelf', resourceName: 'shelves/none' });
    });

    test('a stream of replies', async () => {
      const { json } = await call(open(), `${library}/StreamBooks`, [{ parent: 'shelves/fiction' }]);
      assert.ok(json.length > 1);
    });

    test('an error in mid-stream', async () => {
      const input = { parent: 'shelves/fiction', failAfter: 1 };
      const error = await errorOf(call(open(), `${library}/StreamBooks`, [input]));
      assert.deepEqual([error.code, error.rawMessage], [Code.Internal, 'failed after 1 books, as asked for']);
    });

    test('an error before the first message of a stream', async () => {
      const error = await errorOf(call(open(), `${library}/StreamBooks`, [{ parent: 'shelves/none' }]));
      assert.equal(error.code, Code.NotFound);
    });

    test('a deadline', async () => {
      const input = { parent: 'shelves/fiction', interval: '30s' };
      const error = await errorOf(call(open(), `${library}/StreamBooks`, [input], { timeoutMs: 200 }));
      assert.equal(error.code, Code.DeadlineExceeded);
    });

    if (!sendsStreams) return;

    test('a stream of requests', async () => {
      const books = [1, 2, 3].map((number) => ({ parent: 'shelves/poetry', book: { title: `Volume ${number}` } }));
      const { json } = await call(open(), `${library}/ImportBooks`, books);
      const [{ names }] = json as [{ names: string[] }];
      assert.equal(names.length, 3);
    });

    test('an error of a stream of requests', async () => {
      const error = await errorOf(call(open(), `${library}/ImportBooks`, [{ parent: 'shelves/poetry' }]));
      assert.deepEqual([error.code, error.rawMessage], [Code.InvalidArgument, 'book.title: is required']);
    });

    test('streams both ways', async () => {
      const { json } = await call(open(), `${library}/AskLibrarian`, [{ text: 'dune' }, { text: 'none such' }]);
      assert.deepEqual(
        json.map((answer) => (answer as { question: string }).question),
        ['dune', 'none such'],
      );
    });
  });
}

describe('Connect by GET', () => {
  const proto = Buffer.from('\n\x02Jo');
  const rows: Readonly<Record<string, readonly [query: Record<string, string>, status: number, body: string]>> = {
    'JSON as it is': [{ encoding: 'json', message: '{"name":"Jo"}' }, 200, '{"message":"Hello Jo"}'],
    'base64, padded': [{ encoding: 'proto', base64: '1', message: proto.toString('base64') }, 200, '\n\bHello Jo'],
    'base64 for URLs': [{ encoding: 'proto', base64: '1', message: proto.toString('base64url') }, 200, '\n\bHello Jo'],
    compressed: [
      { encoding: 'proto', base64: '1', compression: 'gzip', message: gzipSync(proto).toString('base64url') },
      200,
      '\n\bHello Jo',
    ],
    'no message': [{ encoding: 'json' }, 400, 'invalid_argument'],
    'no encoding': [{ message: '{}' }, 415, 'unknown'],
    'another encoding': [{ encoding: 'xml', message: '{}' }, 415, 'unknown'],
  };
  for (const [name, [query, status, body]] of Object.entries(rows)) {
    test(name, async () => {
      const reply = await fetch(
        `${server.url}/example.Greeter/SayHello?${new URLSearchParams({ connect: 'v1', ...query })}`,
      );
      const text = await reply.text();
      assert.deepEqual([reply.status, status === 200 ? text : JSON.parse(text).code], [status, body]);
      if (status === 200) assert.equal(reply.headers.get('vary'), 'accept-encoding');
    });
  }
});

test('over HTTP/2 each question is answered before the next one is asked', async () => {
  const transport = node.createConnectTransport({ baseUrl: server.url, httpVersion: '2' });
  const method = methodNamed(`${library}/AskLibrarian`) as DescMethodBiDiStreaming;
  const questions = ['one', 'two', 'three'];
  let answer = (): void => {};
  async function* asking(): AsyncGenerator<Message> {
    for (const text of questions) {
      const answered = new Promise<void>((resolve) => {
        answer = resolve;
      });
      yield fromJson(method.input, { text });
      await answered;
    }
  }
  const { message } = await transport.stream(method, undefined, undefined, undefined, asking());
  const seen: unknown[] = [];
  for await (const each of message) {
    seen.push((jsonOf(method, each) as { question: string }).question);
    answer();
  }
  assert.deepEqual(seen, questions);
});
