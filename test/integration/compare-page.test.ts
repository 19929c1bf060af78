/** What the page /compare asks of its gateway: bounded, of this gateway's own methods alone, and never more than the reader may. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Demo, demoProtos, startDemo } from '../../src/demo/start-demo.ts';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { apiKey, keyOf } from './security-fixture.ts';

const book = { method: 'Library.GetBook', message: { name: 'shelves/fiction/books/frankenstein' } };
let demo: Demo;
let open: RunningServer;
before(async () => {
  demo = await startDemo();
  open = await start({});
});
after(async () => {
  await open.close();
  await demo.close();
});

function start(options: TandemOptions): Promise<RunningServer> {
  return startServer({ listen: { port: 0 }, protos: [demoProtos()], upstreams: [demo.target], ...options });
}

interface Asked {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes
  readonly json: any;
}

async function ask(server: RunningServer, action: string, body: unknown, headers = {}): Promise<Asked> {
  const response = await fetch(`${server.url}/compare/api/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: await response.json() };
}

interface Shown {
  readonly protocol: string;
  readonly cold: { readonly status: { readonly code: string }; readonly timing: { readonly inside?: object } };
}

test('what is on the wire is what is counted, and the time inside is that of the gateway', async () => {
  const { json } = await ask(open, 'compare', book);
  const [rest, grpc] = json.results;
  const sent = Buffer.from(rest.warm.sent.base64, 'base64').toString();
  assert.match(sent, /^GET \/v1\/shelves\/fiction\/books\/frankenstein HTTP\/1\.1\r\n/);
  assert.equal(sent.length, rest.warm.bytes.request.head);
  assert.doesNotMatch(sent, /x-tandem/);
  assert.equal(grpc.warm.messages[0].wire.fields[1].value, '"Frankenstein"');
  const inside = (json.results as readonly Shown[]).map(({ protocol, cold }) => [
    protocol,
    cold.timing.inside !== undefined,
  ]);
  assert.deepEqual(Object.fromEntries(inside), {
    rest: true, grpc: true, 'grpc-direct': false, 'grpc-web': true, connect: true,
  }); // biome-ignore format: a table
});

test('what the example begins with is answered with OK over every protocol', async () => {
  const get = async (action: string): Promise<Asked['json']> =>
    (await fetch(`${open.url}/compare/api/${action}`)).json();
  interface Listed {
    readonly name: string;
    readonly isRepeatable: boolean;
  }
  const methods: readonly Listed[] = (await get('methods')).filter(({ isRepeatable }: Listed) => isRepeatable);
  const reading = methods.filter(({ name }) => !/Delete|Update|Replace/.test(name)).map(({ name }) => name);
  assert.ok(reading.length >= 10, String(reading));
  for (const method of reading) {
    const { example } = await get(`method?name=${method}`);
    const { json } = await ask(open, 'compare', { method, message: example });
    const codes = (json.results as readonly Shown[]).map(({ protocol, cold }) => [protocol, cold.status.code]);
    assert.deepEqual(
      codes,
      ['rest', 'grpc', 'grpc-direct', 'grpc-web', 'connect'].map((protocol) => [protocol, 'OK']),
      `${method} ${JSON.stringify(example)}`,
    );
    assert.deepEqual(json.differences, [], method);
  }
});

describe('what is asked wrongly', () => {
  const rows: readonly (readonly [action: string, body: object, status: number, message: RegExp])[] = [
    ['compare', { ...book, message: { name: 5 } }, 400, /^name: 5 is not a string/],
    ['compare', { ...book, message: [] }, 400, /^message: expected a JSON object/],
    ['compare', { ...book, headers: { host: 'other' } }, 400, /^headers: host cannot be set/],
    ['compare', { ...book, headers: { 'x-a': 'a\nb' } }, 400, /^headers: x-a: expected printable ASCII/],
    ['compare', { ...book, protocols: ['gopher'] }, 400, /^protocols: expected rest, grpc/],
    ['compare', { method: 'Library.ImportBooks', message: [1] }, 400, /^message: expected a list of JSON objects/],
    ['prepare', { method: 'Library.ImportBooks', message: [{}, { bookId: 5 }] }, 400, /^\[1\]\.bookId: 5 is not a str/],
    ['streams', book, 400, /^method: has one reply, not a stream of them/],
    ['given', { mark: 'none' }, 404, /no longer watched/],
    ['compare', { method: 'Nothing' }, 404, /^no method is called Nothing/],
    ['measure', { ...book, runs: 100_001 }, 400, /^runs: expected a whole number from 1 to 100000/],
    ['measure', { ...book, concurrency: 65 }, 400, /^concurrency: expected a whole number from 1 to 64/],
    ['measure', { method: 'Library.CreateShelf', message: {} }, 400, /may change something/],
  ];
  for (const [action, body, status, message] of rows) {
    test(`${action} ${JSON.stringify(body)}`, async () => {
      const answer = await ask(open, action, body);
      assert.equal(answer.status, status, JSON.stringify(answer.json));
      assert.match(answer.json.message, message);
    });
  }
});

test('one measurement at a time, which ends when its reader leaves', { timeout: 60_000 }, async () => {
  const measuring = (runs: number, signal = AbortSignal.timeout(60_000)): Promise<Response> =>
    fetch(`${open.url}/compare/api/measure`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...book, runs, protocols: ['rest'] }),
      signal,
    });
  const reading = new AbortController();
  const first = await measuring(100_000, reading.signal);
  await first.body?.getReader().read();
  const second = await measuring(5);
  assert.deepEqual(
    [second.status, ((await second.json()) as { message: string }).message],
    [429, 'another measurement is running; wait for it'],
  );
  reading.abort();
  let next = await measuring(5);
  while (next.status === 429) {
    await next.text();
    await setTimeout(20);
    next = await measuring(5);
  }
  const lines = (await next.text()).trim().split('\n');
  assert.equal(JSON.parse(lines.at(-1) ?? '').kind, 'end');
});

test('other sites are refused', async () => {
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'same-site' }, { origin: 'null' }]) {
    const { status, json } = await ask(open, 'compare', book, headers);
    assert.deepEqual([status, json.message], [403, 'only the page of this gateway may ask for this']);
  }
  const { status } = await ask(open, 'compare', book, { origin: open.url });
  assert.equal(status, 200);
});

test('nobody may more by the page than without, and nothing gets past a gateway that asks who calls', async (t) => {
  const server = await start({
    security: {
      apiKeys: { header: 'x-api-key', keys: [keyOf(['reader'])] },
      pages: { anonymous: true },
      access: [
        { methods: ['example.Greeter/*'], anonymous: true },
        { methods: ['example.library.v1.Library/*'], roles: ['reader'] },
      ],
    },
  });
  t.after(() => server.close());
  assert.equal((await ask(server, 'compare', book)).status, 401);
  const reader = await ask(server, 'compare', { ...book, headers: { 'x-api-key': apiKey } });
  assert.deepEqual(
    (reader.json.results as readonly Shown[]).map(({ cold }) => cold.status.code),
    ['OK', 'OK', 'OK', 'OK'],
  );
  const greeting = await ask(server, 'compare', { method: 'SayHello', message: { name: 'A' } });
  const names = (greeting.json.results as readonly Shown[]).map(({ protocol }) => protocol);
  assert.deepEqual(names, ['rest', 'grpc', 'grpc-web', 'connect']);
  assert.deepEqual(greeting.json.differences, []);
});

test('a gateway with TLS calls itself by its own certificate', async (t) => {
  const pem = (name: string): string => `test/fixtures/tls/${name}`;
  const server = await start({ listen: { port: 0, tls: { cert: pem('server.crt'), key: pem('server.key') } } });
  t.after(() => server.close());
  const { port } = new URL(server.url);
  const text = await new Promise<string>((resolve, reject) => {
    const url = `https://localhost:${port}/compare/api/compare`;
    const headers = { 'content-type': 'application/json' };
    const asking = request(
      url,
      { method: 'POST', headers, ca: readFileSync(pem('ca.crt')), agent: false },
      (response) => {
        response.setEncoding('utf8');
        let whole = '';
        response.on('data', (piece) => {
          whole += piece;
        });
        response.on('end', () => resolve(whole));
      },
    );
    asking.on('error', reject);
    asking.end(JSON.stringify(book));
  });
  const { results, differences } = JSON.parse(text);
  assert.deepEqual(
    results.map(({ problem, cold }: Shown & { problem?: string }) => problem ?? cold.status.code),
    ['OK', 'OK', 'OK', 'OK', 'OK'],
  );
  assert.deepEqual(differences, []);
});

test('it can be elsewhere, or off', async (t) => {
  const server = await start({ docs: { prefix: '/-', paths: { compare: '/both' } } });
  t.after(() => server.close());
  assert.match(await (await fetch(`${server.url}/-/both`)).text(), /src="\/-\/both\/files\/compare\/main\.js"/);
  assert.equal((await fetch(`${server.url}/-/both/files/compare/main.js`)).status, 200);
  const off = await start({ docs: { paths: { compare: false } } });
  t.after(() => off.close());
  for (const path of ['/compare', '/compare/files/compare/main.js', '/compare/api/methods']) {
    assert.equal((await fetch(off.url + path)).status, 404);
  }
});
