/** Replies made up from descriptors. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { SchemaError, type TandemOptions } from '../../src/index.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

async function start(t: TestContext, options: TandemOptions): Promise<RunningServer> {
  const server = await startServer({ listen: { port: 0 }, mock: true, ...options });
  t.after(() => server.close());
  return server;
}

interface Row {
  readonly name: string;
  readonly request: { readonly method?: string; readonly target: string; readonly json?: object };
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly body: unknown;
}

const made = {
  name: 'shelves/shelf/books/book',
  title: 'title',
  genre: 'NOVEL',
  pages: 1,
  soldOn: '2026-01-01T00:00:00Z',
};
const rows: readonly Row[] = [
  {
    name: 'the name asked for',
    request: { target: '/v1/shelves/1/books/2' },
    status: 200,
    body: { ...made, name: 'shelves/1/books/2' },
  },
  {
    name: 'the book given, and what it lacks',
    request: { method: 'POST', target: '/v1/books', json: { title: 'Dune', isbn: '1' } },
    status: 200,
    // Of a oneof the member given.
    body: { name: made.name, title: 'Dune', genre: 'NOVEL', isbn: '1', soldOn: made.soldOn },
  },
  {
    name: 'a list ends with its first page',
    request: { target: '/v1/books' },
    status: 200,
    body: { books: [{ ...made }] },
  },
  {
    name: 'an operation has ended, with the reply that its method promises',
    request: { method: 'POST', target: '/v1/books:print', json: {} },
    status: 200,
    body: {
      name: 'operations/mock',
      done: true,
      response: { '@type': 'type.googleapis.com/test.mock.PrintReply', copies: 1 },
    },
  },
  {
    name: 'a type that holds itself ends',
    request: { target: '/v1/tree' },
    status: 200,
    body: { label: 'label' },
  },
  {
    name: 'a stream, its names counted',
    request: { target: '/v1/books:watch' },
    status: 200,
    body: [made, { ...made, name: `${made.name}-2` }, { ...made, name: `${made.name}-3` }],
  },
  {
    name: 'a longer stream that fails',
    request: { target: '/v1/books:watch' },
    headers: { 'x-mock-replies': '1', 'x-mock-code': 'ABORTED', 'x-mock-message': 'enough' },
    status: 200,
    body: [made, { error: { code: 10, message: 'enough', details: [] } }],
  },
  {
    name: 'an error on request',
    request: { target: '/v1/books' },
    headers: { 'x-mock-code': 'NOT_FOUND', 'x-mock-delay-ms': '1' },
    status: 404,
    body: { code: 5, message: 'as the request asked', details: [] },
  },
  {
    name: 'the deadline holds for it too',
    request: { target: '/v1/books' },
    headers: { 'x-mock-delay-ms': '300000', 'grpc-timeout': '1m' },
    status: 504,
    body: { code: 4, message: 'the deadline passed before the mock answered', details: [] },
  },
];

for (const { name, request, headers = {}, status, body } of rows) {
  test(name, async (t) => {
    const { url } = await start(t, { protos: ['test/protos/mock.proto'] });
    const { method = 'GET', target, json } = request;
    const response = await fetch(url + target, {
      method,
      headers: { ...headers, ...(json && { 'content-type': 'application/json' }) },
      ...(json && { body: JSON.stringify(json) }),
    });
    assert.deepEqual([response.status, await response.json()], [status, body]);
  });
}

for (const [header, value] of [
  ['x-mock-code', 'NOPE'],
  ['x-mock-replies', '-1'],
  ['x-mock-delay-ms', '1e9'],
] as const) {
  test(`${header}: ${value} is refused`, async (t) => {
    const { url } = await start(t, { protos: ['test/protos/mock.proto'] });
    const response = await fetch(`${url}/v1/books`, { headers: { [header]: value } });
    const { details } = (await response.json()) as { details: [{ fieldViolations: [{ field: string }] }] };
    assert.deepEqual([response.status, details[0].fieldViolations[0].field], [400, header]);
  });
}

test('a stream of requests is answered one by one', async (t) => {
  const { url } = await start(t, { protos: ['test/protos/mock.proto'] });
  const response = await fetch(`${url}/v1/books:swap`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' },
    body: '{"title":"a"}\n{"title":"b"}\n',
  });
  const titles = (await response.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).title);
  assert.deepEqual(titles, ['a', 'b']);
});

test('an upstream wins where there is one; the mock alone is ready', async (t) => {
  const upstream = await startScriptedUpstream({
    '/test.mock.Books/GetTree': { messages: [Uint8Array.of(10, 1, 120)] },
  });
  t.after(() => upstream.close());
  const { url } = await start(t, {
    protos: ['test/protos/mock.proto', 'protos/example/greeter.proto'],
    upstreams: [`test.mock.Books=${upstream.target}`],
  });
  const ask = async (target: string): Promise<unknown> => (await fetch(url + target)).json();
  assert.deepEqual(await ask('/v1/tree'), { label: 'x' });
  assert.deepEqual(await ask('/v1/greeter/Ann'), { message: 'message' });
  assert.equal(Reflect.get((await ask('/readyz')) as object, 'status'), 'ready');
});

test('rules that cannot be served are left out, and listed, where the options allow it', async (t) => {
  const { url, gateway } = await start(t, {
    protos: ['test/protos/wrong-rules.proto'],
    transcoding: { wrongRules: 'skip' },
  });
  assert.deepEqual(
    gateway.generation.findings.map(({ subject, message }) => `${subject}: ${message}`),
    [
      'Things.GetDeep: column 15: no segment may follow \'**\', which comes last but for a verb; write * for one segment (in "/v1/{name=**}/things")',
    ],
  );
  assert.deepEqual(await (await fetch(`${url}/v1/thing`)).json(), { name: 'name' });
  await assert.rejects(startServer({ listen: { port: 0 }, protos: ['test/protos/wrong-rules.proto'] }), SchemaError);
});
