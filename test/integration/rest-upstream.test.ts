/** gRPC clients of a server that is REST only: the same rules, the other way round. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createCodec } from '../../src/codec/create-codec.ts';
import { compareOnce } from '../../src/compare/compare-once.ts';
import { findMethod, ruleOf } from '../../src/compare/find-method.ts';
import { prepareCalls } from '../../src/compare/prepare-calls.ts';
import { type Demo, demoProtos, startDemo } from '../../src/demo/start-demo.ts';
import { SchemaError } from '../../src/index.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { StatusError } from '../../src/status/status-error.ts';
import type { MessageJson } from '../../src/transcode/outgoing-request.ts';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import type { CallOptions, Transport } from '../../src/upstream/transport.ts';

/** A gateway of the example whose upstream is REST at `url`. */
async function gatewayTo(t: TestContext | undefined, url: string, more = {}): Promise<RunningServer> {
  const server = await startServer({
    listen: { port: 0 },
    protos: [demoProtos()],
    restUpstreams: [{ url, headers: ['x-own: yes'], ...more }],
  });
  t?.after(() => server.close());
  return server;
}

describe('the example, REST in between', () => {
  let demo: Demo;
  let rest: RunningServer;
  let gateway: RunningServer;
  before(async () => {
    demo = await startDemo();
    rest = await startServer({ listen: { port: 0 }, protos: [demoProtos()], upstreams: [demo.target] });
    gateway = await gatewayTo(undefined, rest.url);
  });
  after(async () => {
    await gateway.close();
    await rest.close();
    await demo.close();
  });

  const book = 'shelves/fiction/books/frankenstein';
  const rows: readonly (readonly [method: string, message: MessageJson, code: string])[] = [
    ['Greeter.SayHello', { name: 'a/b ü%' }, 'OK'],
    ['Library.GetBook', { name: book }, 'OK'],
    ['Library.GetBook', { name: `${book}-none` }, 'NOT_FOUND'],
    ['Library.ListBooks', { parent: 'shelves/fiction', pageSize: 2 }, 'OK'],
    ['Library.ListSubjectBooks', { subject: 'subjects/fiction/gothic' }, 'OK'],
    ['Library.SetBookTags', { name: book, tags: ['a', 'b'] }, 'OK'],
    ['Library.MoveBook', { name: 'shelves/fiction/books/none', shelf: 'shelves/poetry' }, 'NOT_FOUND'],
    ['Library.DownloadCover', { name: book }, 'OK'],
    ['Library.StreamBooks', { parent: 'shelves/fiction' }, 'OK'],
    ['Library.StreamBooks', { parent: 'shelves/fiction', failAfter: 2 }, 'INTERNAL'],
  ];
  for (const [name, message, code] of rows) {
    test(`${name} ${JSON.stringify(message)}: as the upstream itself answers`, async () => {
      const { schema, table } = gateway.gateway.generation;
      const codec = createCodec(schema, { unknownAny: 'base64' });
      const method = findMethod(schema, name);
      const binding = ruleOf(table.bindings, method);
      const endpoints = { origin: gateway.url, upstream: { target: demo.target } };
      const subject = { method, binding, messages: [message], headers: [], framing: 'array' as const };
      const calls = prepareCalls(subject, codec, endpoints);
      const { results, differences } = await compareOnce(calls.values(), { method, binding, codec }, { isOnce: true });
      assert.deepEqual(differences, []);
      assert.deepEqual(
        results.map(({ cold }) => cold?.answer.status.code),
        ['rest', 'grpc', 'grpc-direct', 'grpc-web', 'connect'].map(() => code),
      );
    });
  }

  test('streams of requests, and of both', async (t) => {
    const transport = createHttp2Transport(parseTarget(gateway.url.replace('http://', '')));
    t.after(() => transport.close());
    const { schema } = gateway.gateway.generation;
    const codec = createCodec(schema);
    const call = (name: string) => {
      const method = findMethod(schema, name);
      const read = codec.messageReader(method.input);
      return {
        options: optionsFor(method.path),
        requests: async function* (...messages: object[]) {
          for (const message of messages) yield read(Buffer.from(JSON.stringify(message)));
        },
        json: (bytes: Uint8Array) => JSON.parse(Buffer.from(codec.messageWriter(method.output)(bytes)).toString()),
      };
    };
    const books = call('ImportBooks');
    const parent = 'shelves/science';
    const requests = books.requests(
      { parent, bookId: 'one', book: { title: '1' } },
      { parent, bookId: 'two', book: { title: '2' } },
    );
    const { message } = await transport.unary(books.options, requests);
    assert.deepEqual(Object.values(books.json(message))[0], ['shelves/science/books/one', 'shelves/science/books/two']);
    const questions = call('AskLibrarian');
    const answers: unknown[] = [];
    for await (const batch of transport.stream(questions.options, questions.requests({ text: 'a' }, { text: 'b' }))) {
      answers.push(...batch.map(questions.json));
    }
    assert.equal(answers.length, 2);
  });
});

function optionsFor(path: string): CallOptions {
  return { path, metadata: [['x-from', 'client']], deadline: performance.now() + 10_000 };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A REST server by hand, and a gRPC client of the gateway before it. */
async function start(
  t: TestContext,
  handler: Handler,
  more = {},
): Promise<{ transport: Transport; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    handler(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const gateway = await gatewayTo(t, `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`, more);
  const transport = createHttp2Transport(parseTarget(gateway.url.replace('http://', '')));
  t.after(() => transport.close());
  return { transport, seen };
}

const sayHello = '/example.Greeter/SayHello';
const you = Uint8Array.of(10, 3, 121, 111, 117);
const answer =
  (status: number, body: string, type = 'application/json'): Handler =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': type, 'x-more': '1', 'set-cookie': 'a=b' }).end(body);
  };

async function failure(transport: Transport, options = optionsFor(sayHello)): Promise<unknown[]> {
  const error = await transport.unary(options, you).then(
    () => assert.fail('it answered'),
    (cause) => cause,
  );
  assert.ok(error instanceof StatusError, String(error));
  return [error.codeName, error.message, error.statusDetails === undefined];
}

test('what is sent: the rule’s request, the client’s metadata and the upstream’s own headers', async (t) => {
  const { transport, seen } = await start(t, answer(200, '{"message":"hi","unknown":1}'));
  const { message, headers } = await transport.unary(optionsFor(sayHello), you);
  assert.deepEqual([...message], [10, 2, 104, 105]);
  assert.equal(headers.find(([name]) => name === 'x-more')?.[1], '1');
  const [{ method, url, headers: sent } = {} as IncomingMessage] = seen;
  assert.deepEqual([method, url, sent['x-from'], sent['x-own']], ['GET', '/base/v1/greeter/you', 'client', 'yes']);
  assert.match(String(sent['grpc-timeout']), /^\d+m$/);
});

test('no header of a client makes the rule’s request another one', async (t) => {
  const { transport, seen } = await start(t, answer(200, '{}'));
  const names = [
    'x-http-method-override',
    'x-http-method',
    'x-method-override',
    'x_http_method_override',
    'x-original-url',
    'x-original-uri',
    'x-rewrite-url',
    'cookie',
  ];
  const metadata = [...names, 'x-original'].map((name) => [name, 'DELETE'] as const);
  await transport.unary({ ...optionsFor(sayHello), metadata }, you);
  const { method, url, headers = {} } = seen.at(-1) ?? {};
  assert.deepEqual([method, url], ['GET', '/base/v1/greeter/you']);
  assert.deepEqual(
    Object.keys(headers).filter((name) => headers[name] === 'DELETE'),
    ['x-original'],
  );
});

const details = [{ '@type': 'type.googleapis.com/google.rpc.ResourceInfo', resourceName: 'x' }];
const errors: readonly (readonly [name: string, handler: Handler, seen: unknown[]])[] = [
  [
    'google.rpc.Status',
    answer(404, JSON.stringify({ code: 5, message: 'none', details })),
    ['NOT_FOUND', 'none', false],
  ],
  [
    'AIP-193',
    answer(403, '{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}'),
    ['PERMISSION_DENIED', 'no', true],
  ],
  [
    'a problem',
    answer(409, '{"title":"Conflict","detail":"taken","status":409}', 'application/problem+json'),
    ['ABORTED', 'taken', true],
  ],
  [
    'a page',
    answer(503, '<h1>Service\nUnavailable</h1>', 'text/html'),
    ['UNAVAILABLE', 'the upstream answered 503: <h1>Service Unavailable</h1>', true],
  ],
  ['nothing', answer(401, ''), ['UNAUTHENTICATED', 'the upstream answered 401', true]],
  ['no JSON', answer(200, 'hello'), ['INTERNAL', "the upstream's answer is not a example.HelloReply", true]],
  [
    'too much',
    answer(200, JSON.stringify({ message: 'x'.repeat(5_000_000) })),
    ['RESOURCE_EXHAUSTED', 'the reply is over the limit of 4194304 bytes', true],
  ],
  ['a redirect', answer(302, ''), ['INVALID_ARGUMENT', 'the upstream answered 302', true]],
];
for (const [name, handler, expected] of errors) {
  test(`an error as ${name}`, async (t) => {
    const { transport } = await start(t, handler);
    assert.deepEqual(await failure(transport), expected);
  });
}

test('a connection that breaks, a deadline that passes, a method without a rule', async (t) => {
  const { transport } = await start(t, (request, response) => {
    if (request.url?.includes('hang')) return;
    response.writeHead(200, { 'content-length': '100' }).write('{');
    response.destroy();
  });
  const [code, message] = await failure(transport);
  assert.equal(code, 'UNAVAILABLE');
  assert.match(String(message), /is unreachable/);
  const hang = Uint8Array.of(10, 4, 104, 97, 110, 103);
  const late = { ...optionsFor(sayHello), deadline: performance.now() + 100 };
  await assert.rejects(transport.unary(late, hang), { codeName: 'DEADLINE_EXCEEDED' });
});

test('leaving a stream ends the request', async (t) => {
  let closed = (): void => {};
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const { transport } = await start(t, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const timer = setInterval(() => response.write('{"name":"shelves/1/books/1"}\n'), 1);
    response.on('close', () => {
      clearInterval(timer);
      closed();
    });
  });
  const parent = Buffer.concat([Uint8Array.of(10, 9), Buffer.from('shelves/1')]);
  for await (const _batch of transport.stream(optionsFor('/example.library.v1.Library/StreamBooks'), parent)) break;
  await isClosed;
});

test('mistakes of the configuration', async () => {
  const protos = [demoProtos()];
  const mistakes: readonly (readonly [options: object, message: RegExp])[] = [
    [{ restUpstreams: ['ftp://a'] }, /restUpstreams\[0\]: expected \[SERVICE=\]URL/],
    [{ restUpstreams: ['Nothing=http://a'] }, /restUpstreams\[0\]\.services: no proto has a service Nothing/],
    [{ restUpstreams: ['http://a', 'http://b'] }, /every service already goes to http:\/\/a/],
    [{ upstreams: ['127.0.0.1:1'], restUpstreams: ['http://a'] }, /every service already goes to 127.0.0.1:1/],
    [{ restUpstreams: [{ url: 'http://a', headers: ['nothing'] }] }, /headers\[0\]: expected a header as NAME: VALUE/],
    [
      { restUpstreams: [{ url: 'https://a', ca: 'none.pem' }] },
      /restUpstreams\[0\]\.ca: none.pem: there is no such file/,
    ],
  ];
  for (const [options, message] of mistakes) {
    await assert.rejects(startServer({ listen: { port: 0 }, protos, ...options }), (error) => {
      assert.ok(error instanceof SchemaError);
      assert.match(error.message, message);
      return true;
    });
  }
});
