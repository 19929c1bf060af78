/** Shadow mode: which calls are made once more, what comes of the comparison, and that the client notices nothing. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import fastify from 'fastify';
import { pino } from 'pino';
import { createCodec } from '../../src/codec/create-codec.ts';
import { tandem } from '../../src/fastify.ts';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { GrpcCode, SchemaError } from '../../src/index.ts';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { raw } from '../upstreams/faults.ts';
import {
  type ReceivedCall,
  type Script,
  type ScriptedUpstream,
  startScriptedUpstream,
} from '../upstreams/scripted-upstream.ts';
import { apiKey, keyOf } from './security-fixture.ts';

type ShadowOptions = NonNullable<TandemOptions['shadow']>;

const protos = ['test/protos/shadow.proto'];
const { schema } = await loadSchema({ protos });
const codec = createCodec(schema);

/** An Item as protobuf. */
function item(json: object): Uint8Array {
  const type = schema.messages.get('shop.Item');
  assert.ok(type);
  return codec.messageReader(type)(Buffer.from(JSON.stringify(json)));
}

const methods = ['GetItem', 'Search', 'Price', 'Quote', 'Buy', 'Watch'];
const everywhere = (script: Script): Record<string, Script> =>
  Object.fromEntries(methods.map((name) => [`/shop.Shop/${name}`, script]));

const isShadow = ({ headers }: ReceivedCall): boolean => headers['x-tandem-shadow'] === 'true';

async function startUpstream(t: TestContext, script: Script): Promise<ScriptedUpstream> {
  const upstream = await startScriptedUpstream(everywhere(script));
  t.after(() => upstream.close());
  return upstream;
}

interface Shop {
  readonly server: RunningServer;
  readonly upstream: ScriptedUpstream;
  /** The log's lines about shadows, without what every line has. */
  readonly lines: readonly Record<string, unknown>[];
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Waits until so many chosen calls have their result; gives how many have which. */
  results(count: number): Promise<Record<string, number>>;
}

async function start(
  t: TestContext,
  shadow: ShadowOptions | undefined,
  { script = { messages: [item({ name: 'x' })] }, ...others }: TandemOptions & { readonly script?: Script } = {},
): Promise<Shop> {
  const upstream = await startUpstream(t, script);
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    const { level: _, time: __, ...rest } = JSON.parse(line);
    if (String(rest.msg).startsWith('shadow')) lines.push(rest);
  };
  const server = await startServer(
    {
      protos,
      upstreams: [upstream.target],
      listen: { port: 0 },
      observability: { metrics: true },
      ...others,
      ...(shadow && { shadow }),
    },
    { logger: pino({ base: null }, { write }) },
  );
  t.after(() => server.close());
  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(server.url + path, init);
  return { server, upstream, lines, get, results: (count) => resultsOf(server, count) };
}

async function resultsOf({ url }: RunningServer, count: number): Promise<Record<string, number>> {
  for (let waits = 0; ; waits++) {
    const results: Record<string, number> = {};
    for (const [, result = '', value] of (await metricsOf(url)).matchAll(
      /^tandem_shadow_calls_total\{.*result="(\w+)"\} (\d+)$/gm,
    )) {
      results[result] = (results[result] ?? 0) + Number(value);
    }
    if (Object.values(results).reduce((sum, each) => sum + each, 0) >= count) return results;
    assert.ok(waits < 1000, `${count} results are waited for; there are ${JSON.stringify(results)}`);
    await sleep(10);
  }
}

async function metricsOf(url: string): Promise<string> {
  return await (await fetch(`${url}/metrics`)).text();
}

const post = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

describe('which calls are repeated', () => {
  const rows: readonly (readonly [path: string, init: RequestInit | undefined, isRepeated: boolean, why: string])[] = [
    ['/v1/items/x', undefined, true, 'GET'],
    ['/v1/items:search', post({ name: 'x' }), true, 'NO_SIDE_EFFECTS'],
    ['/v1/items:quote', post({ name: 'x' }), true, 'named under methods'],
    ['/v1/items:buy', post({ name: 'x' }), false, 'POST that says nothing'],
    ['/v1/items/x/watch', undefined, false, 'a stream'],
    ['/v1/items/%zz', undefined, false, 'not sent'],
    ['/v1/items/x', { headers: { 'x-tandem-shadow': 'true' } }, false, 'repeated by another gateway'],
  ];
  for (const [path, init, isRepeated, why] of rows) {
    test(`${why}: ${isRepeated}`, async (t) => {
      const { get, results, upstream } = await start(t, { percent: 100, methods: ['shop.Shop/Quote'] });
      await (await get(path, init)).text();
      // A call that is repeated for certain, behind it.
      await (await get('/v1/items/last')).text();
      assert.deepEqual(await results(isRepeated ? 2 : 1), { equal: isRepeated ? 2 : 1 });
      const own = why === 'repeated by another gateway' ? 1 : 0;
      assert.equal(upstream.calls.filter(isShadow).length, (isRepeated ? 2 : 1) + own);
    });
  }

  for (const shadow of [undefined, { percent: 0 }]) {
    test(`none: ${JSON.stringify(shadow)}`, async (t) => {
      const { get, upstream, server } = await start(t, shadow);
      for (let call = 0; call < 20; call++) await (await get('/v1/items/x')).text();
      assert.equal(upstream.calls.length, 20);
      assert.doesNotMatch(await metricsOf(server.url), /tandem_shadow_calls_total\{/);
    });
  }

  test('a share', async (t) => {
    const { get, upstream } = await start(t, { percent: 50, queue: 1000 });
    for (let call = 0; call < 200; call++) await (await get('/v1/items/x')).text();
    const repeated = upstream.calls.filter(isShadow).length;
    // Beyond seven standard deviations of a fair coin: less than once in a hundred thousand million runs.
    assert.ok(repeated > 50 && repeated < 150, String(repeated));
  });
});

describe('over each protocol the same answer', () => {
  const answers: readonly (readonly [name: string, script: Script])[] = [
    ['a reply', { messages: [item({ name: 'x', byOwner: { ann: { label: '1' } }, extra: { a: [1] } })] }],
    ['an empty reply', { messages: [new Uint8Array()] }],
    ['a failure', { code: GrpcCode.NOT_FOUND, message: 'no such item' }],
  ];
  for (const over of ['grpc', 'rest', 'grpc-web', 'connect'] as const) {
    for (const [name, script] of answers) {
      test(`${over}: ${name}`, async (t) => {
        const { get, results, lines } = await start(t, { percent: 100, over }, { script });
        const path = '/v1/items/a%20b?note=n';
        await (await get(path)).text();
        await (await get('/v1/items/x/price')).text();
        assert.deepEqual([await results(2), lines], [{ equal: 2 }, []]);
      });
    }
  }

  test('REST is repeated over gRPC, everything else over REST', async (t) => {
    const { get, server, results } = await start(t, { percent: 100 });
    await (await get('/v1/items/x')).text();
    const connect = { 'content-type': 'application/json', 'connect-protocol-version': '1' };
    await (await get('/shop.Shop/GetItem', { ...post({ name: 'x' }), headers: connect })).text();
    await callGrpc(t, server, 'GetItem');
    assert.deepEqual(await results(3), { equal: 3 });
    const text = await metricsOf(server.url);
    const counted = (over: string): string =>
      `tandem_shadow_calls_total{grpc_method="shop.Shop/GetItem",over="${over}",result="equal"}`;
    assert.ok(text.includes(`${counted('grpc')} 1\n`) && text.includes(`${counted('rest')} 2\n`), text);
    const timed = 'tandem_shadow_duration_seconds_count{grpc_method="shop.Shop/GetItem",over="rest"';
    assert.ok(text.includes(`${timed},call="client"} 2\n`) && text.includes(`${timed},call="shadow"} 2\n`));
    // What is repeated is no client's call.
    const clients = text.matchAll(/^grpc_server_call_duration_seconds_count\{.*\} (\d+)$/gm);
    assert.equal(
      [...clients].reduce((sum, [, count]) => sum + Number(count), 0),
      3,
    );
  });

  test('a frame that is compressed in a way nobody here knows passes as it is', async (t) => {
    const frame = Buffer.from([1, 0, 0, 0, 3, 1, 2, 3]);
    const script = raw((stream) => {
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-encoding': 'zstd' },
        { waitForTrailers: true },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(frame);
    });
    const { server, results } = await start(t, { percent: 100 }, { script });
    const { host } = new URL(server.url);
    const session = connect(`http://${host}`);
    t.after(() => session.destroy());
    const stream = session.request({
      ':method': 'POST',
      ':path': '/shop.Shop/GetItem',
      'content-type': 'application/grpc',
    });
    stream.end(Buffer.from([0, 0, 0, 0, 3, 10, 1, 120]));
    assert.deepEqual(await buffer(stream), frame);
    assert.deepEqual(await results(1), { skipped: 1 });
  });
});

describe('what differs is told by the names of fields', () => {
  const ours = {
    name: 'x',
    doorCode: '1234',
    updateTime: 'now',
    apiKey: 'k',
    parts: [{ label: 'a' }, { label: 'b', etag: '1' }],
    byOwner: { 'ann@example.com': { label: 'c' } },
    extra: { 'bob@example.com': 1 },
  };
  const rows: readonly (readonly [name: string, theirs: object, options: Partial<ShadowOptions>, line: object])[] = [
    [
      'all places, no values',
      { name: 'y', doorCode: '5678', updateTime: 'then', parts: [{ label: 'a' }], byOwner: { 'bob@example.com': {} } },
      {},
      { fields: ['name', 'doorCode', 'updateTime', 'apiKey', 'parts[1]', 'byOwner[*]', 'extra'] },
    ],
    ['in a map', { ...ours, byOwner: { 'ann@example.com': { label: 'd' } } }, {}, { fields: ['byOwner[*].label'] }],
    [
      'fields that may differ do',
      { ...ours, name: 'y', updateTime: 'then', parts: [{ label: 'a' }, { label: 'b', etag: '2' }] },
      { ignore: ['update_time', 'parts.etag'] },
      { fields: ['name'] },
    ],
    [
      'values where they are asked for, secrets not',
      { ...ours, name: 'y', doorCode: '5678', apiKey: 'l', parts: [{ label: 'a' }] },
      { logValues: true, redact: ['door_code', 'label'] },
      {
        fields: ['name', 'doorCode', 'apiKey', 'parts[1]'],
        values: [
          { field: 'name', client: '"x"', shadow: '"y"' },
          { field: 'doorCode', client: 'REDACTED', shadow: 'REDACTED' },
          { field: 'apiKey', client: 'REDACTED', shadow: 'REDACTED' },
          { field: 'parts[1]', client: '{"label":"REDACTED","etag":"1"}', shadow: 'nothing' },
        ],
      },
    ],
  ];
  for (const [name, theirs, options, line] of rows) {
    test(name, async (t) => {
      const other = await startUpstream(t, { messages: [item(theirs)] });
      const { get, results, lines } = await start(
        t,
        { percent: 100, upstream: { target: other.target }, ...options },
        { script: { messages: [item(ours)] } },
      );
      assert.deepEqual(await (await get('/v1/items/x')).json(), ours);
      assert.deepEqual(await results(1), { different: 1 });
      const call = { rpc: 'shop.Shop.GetItem', protocol: 'rest', over: 'grpc', upstream: other.target };
      assert.deepEqual(lines, [{ ...call, ...line, msg: 'shadow: the answers differ' }]);
    });
  }

  test('one field of the reply is all that REST shows', async (t) => {
    const other = await startUpstream(t, { messages: [item({ ...ours, name: 'y', parts: [{ label: 'z' }] })] });
    const shadow = { percent: 100, over: 'rest', upstream: { target: other.target } } as const;
    const { get, results, lines } = await start(t, shadow, {
      script: { messages: [item({ parts: [{ label: 'a' }] })] },
    });
    await (await get('/v1/items/x/price')).text();
    assert.deepEqual([await results(1), lines[0]?.['fields']], [{ different: 1 }, ['parts[0].label']]);
  });

  test('a failure that the other does not have', async (t) => {
    const other = await startUpstream(t, { code: GrpcCode.NOT_FOUND, message: 'no x' });
    const { get, results, lines } = await start(t, { percent: 100, upstream: { target: other.target } });
    assert.equal((await get('/v1/items/x')).status, 200);
    assert.deepEqual([await results(1), lines[0]?.['fields']], [{ different: 1 }, ['status.code', 'status.message']]);
  });

  test('sixty lines a minute, all are counted', async (t) => {
    const other = await startUpstream(t, { messages: [item({ name: 'y' })] });
    const { get, results, lines } = await start(t, { percent: 100, upstream: { target: other.target }, queue: 100 });
    for (let call = 0; call < 70; call++) await (await get('/v1/items/x')).text();
    assert.deepEqual(await results(70), { different: 70 });
    // One more for each minute that begins meanwhile.
    assert.ok(lines.length >= 60 && lines.length < 70, String(lines.length));
  });
});

describe('a shadow that is in trouble is no trouble to the client', () => {
  test('one that is not there', async (t) => {
    const { get, results, lines } = await start(t, {
      percent: 100,
      upstream: { target: '127.0.0.1:1' },
      timeout: '1s',
    });
    assert.deepEqual(await (await get('/v1/items/x')).json(), { name: 'x' });
    assert.deepEqual([await results(1), lines[0]?.['msg']], [{ failed: 1 }, 'shadow: no answer to compare']);
  });

  test('one that never answers holds no client, and its own deadline ends it', async (t) => {
    const other = await startUpstream(t, () => new Promise(() => {}));
    const options = { percent: 100, upstream: { target: other.target }, timeout: '300ms', concurrency: 1, queue: 2 };
    const { get, results, server } = await start(t, options);
    // All are answered although none of their shadows is.
    for (let call = 0; call < 10; call++) assert.deepEqual(await (await get('/v1/items/x')).json(), { name: 'x' });
    const { failed = 0, skipped = 0 } = await results(10);
    assert.ok(failed >= 3 && failed + skipped === 10, `${failed} ${skipped}`);
    assert.match(await metricsOf(server.url), new RegExp(`reason="queue"\\} ${skipped}\n`));
    assert.ok(other.calls.every(({ timeoutMs }) => timeoutMs !== undefined && timeoutMs <= 300));
  });

  const bounds: readonly (readonly [reason: string, options: Partial<ShadowOptions>, script: Script])[] = [
    ['size', { messageBytes: 100 }, { messages: [item({ name: 'x'.repeat(200) })] }],
    ['memory', { memoryBytes: 1000 }, { messages: [item({ name: 'x' })] }],
    ['failed_call', {}, { code: GrpcCode.RESOURCE_EXHAUSTED, message: 'enough' }],
  ];
  for (const [reason, options, script] of bounds) {
    test(`not repeated: ${reason}`, async (t) => {
      const { get, results, server, upstream } = await start(t, { percent: 100, ...options }, { script });
      await (await get('/v1/items/x')).text();
      assert.deepEqual(await results(1), { skipped: 1 });
      const labels = `grpc_method="shop.Shop/GetItem",over="grpc",reason="${reason}"`;
      assert.match(await metricsOf(server.url), new RegExp(`tandem_shadow_skipped_total\\{${labels}\\} 1\n`));
      assert.equal(upstream.calls.some(isShadow), false);
    });
  }

  test('memory comes back: many more calls than it holds at once', async (t) => {
    const { get, results } = await start(t, { percent: 100, memoryBytes: '4KiB' });
    for (let call = 1; call <= 20; call++) {
      await (await get('/v1/items/x')).text();
      assert.deepEqual(await results(call), { equal: call });
    }
  });
});

test('the repeated call comes from the same caller, with the same headers, and says what it is', async (t) => {
  const other = await startUpstream(t, { messages: [item({ name: 'x' })] });
  for (const over of ['grpc', 'rest'] as const) {
    const { get, results, upstream } = await start(
      t,
      { percent: 100, over, upstream: { target: other.target } },
      { security: { apiKeys: { header: 'x-api-key', keys: [keyOf()] }, access: [{ methods: ['*'] }] } },
    );
    const headers = { 'x-api-key': apiKey, 'x-tenant': 't', authorization: 'Bearer b' };
    assert.equal((await get('/v1/items/x', { headers })).status, 200);
    assert.deepEqual(await results(1), { equal: 1 });
    const metadata = (call: ReceivedCall | undefined): object => {
      const entries = Object.entries(call?.headers ?? {});
      return Object.fromEntries(entries.filter(([name]) => !/^(:|grpc-timeout$|user-agent$)/.test(name)));
    };
    const [first, second] = [metadata(upstream.calls.at(-1)), metadata(other.calls.at(-1))];
    assert.deepEqual(second, { ...first, 'x-tandem-shadow': 'true' });
    assert.ok('x-tenant' in second, JSON.stringify(second));
  }
});

test('a reload turns it on, changes it and turns it off', async (t) => {
  const first = await startUpstream(t, { messages: [item({ name: 'x' })] });
  const second = await startUpstream(t, { messages: [item({ name: 'x' })] });
  const { server, upstream, get } = await start(t, undefined, { observability: {} });
  const input = { protos, upstreams: [upstream.target] };
  for (const other of [first, second]) {
    await server.gateway.reload({ ...input, shadow: { percent: 100, upstream: { target: other.target } } });
    // It is made anew a moment after the generation.
    while (other.calls.length === 0) await (await get('/v1/items/x')).text();
  }
  const before = first.calls.length;
  const seen = second.calls.length;
  while (second.calls.length === seen) await (await get('/v1/items/x')).text();
  assert.equal(first.calls.length, before);
  assert.ok(server.gateway.hooks);
  await server.gateway.reload(input);
  while (server.gateway.hooks !== undefined) await sleep(1);
});

test('in an app of somebody else', async (t) => {
  const other = await startUpstream(t, { messages: [item({ name: 'y' })] });
  const upstream = await startUpstream(t, { messages: [item({ name: 'x' })] });
  const lines: string[] = [];
  const logged = new EventEmitter();
  const write = (line: string): void => {
    lines.push(line);
    if (line.includes('shadow')) logged.emit('line', line);
  };
  const app = fastify({ loggerInstance: pino({}, { write }) });
  t.after(() => app.close());
  const shadow = { percent: 100, upstream: { target: other.target } };
  await app.register(tandem, { protos, upstreams: [upstream.target], shadow });
  const line = once(logged, 'line');
  assert.deepEqual((await app.inject('/v1/items/x')).json(), { name: 'x' });
  assert.match(String(await line), /"fields":\["name"\]/);
});

describe('refused at the start', () => {
  const rows: readonly (readonly [shadow: ShadowOptions, problem: RegExp, others?: TandemOptions])[] = [
    [{ percent: 101 }, /^shadow\.percent: expected an integer from 0 to 100; got 101$/],
    [
      { percent: 1, methods: ['shop.Shop/Bye'] },
      /^shadow\.methods\[0\]: shop\.Shop has no method Bye; write one of GetItem/,
    ],
    [{ percent: 1, ignore: ['parts.etga'] }, /^shadow\.ignore\[0\]: no message has a field etga; did you mean etag\?$/],
    [{ percent: 1, redact: ['nothing_like_it'] }, /^shadow\.redact\[0\]: no message has a field nothing_like_it$/],
    [{ percent: 1, methods: ['shop.Shop'] }, /^shadow\.methods\[0\]: /],
    [{ percent: 1, methods: ['Nobody/Bye'] }, /^shadow\.methods\[0\]: no proto has a service Nobody/],
    [
      { percent: 1, over: 'connect' },
      /^shadow\.over: is off under protocols\.connect/,
      { protocols: { connect: false } },
    ],
    [
      { percent: 1, upstream: { target: 'x:1', tls: { ca: 'none.pem' } } },
      /^shadow\.upstream\.tls\.ca: none\.pem: there is no such file$/,
    ],
  ];
  for (const [shadow, problem, others] of rows) {
    test(JSON.stringify(shadow), async (t) => {
      await assert.rejects(start(t, shadow, others), (error) => {
        assert.ok(error instanceof SchemaError);
        assert.match(error.message, problem);
        return true;
      });
    });
  }
});

/** A call by grpc-js. */
async function callGrpc(t: TestContext, { url }: RunningServer, method: string): Promise<unknown> {
  const client = new grpc.Client(new URL(url).host, grpc.credentials.createInsecure());
  t.after(() => client.close());
  const bytes = (value: Uint8Array): Buffer => Buffer.from(value);
  return await new Promise((resolve, reject) => {
    const path = `/shop.Shop/${method}`;
    client.makeUnaryRequest(path, bytes, bytes, Uint8Array.of(10, 1, 120), (error, reply) => {
      if (error) reject(error);
      else resolve(reply);
    });
  });
}
