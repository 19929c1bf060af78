/** The analytics: what is told after calls whose number is known, to whom, and what never is. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { GrpcCode } from '../../src/index.ts';
import type { Report } from '../../src/server/analytics/report.ts';
import { startServer } from '../../src/server/start-server.ts';
import { type Script, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { missingValkey, startValkey } from '../upstreams/valkey-server.ts';
import { apiKey, keyOf } from './security-fixture.ts';
import { serve } from './served-process.ts';

/** HelloReply with the message "hi": 4 bytes, and `{"message":"hi"}` as JSON. */
const hi = Uint8Array.of(10, 2, 104, 105);
const sayHello = 'example.Greeter.SayHello';
const sayHellos = 'example.Greeter.SayHellos';

interface Counted {
  readonly url: string;
  readonly target: string;
  get(path: string, headers?: Record<string, string>): Promise<number>;
}

async function start(t: TestContext, hello: Script, others: TandemOptions = {}): Promise<Counted> {
  const upstream = await startScriptedUpstream({
    '/example.Greeter/SayHello': hello,
    '/example.Greeter/SayHellos': { messages: [hi, hi], code: GrpcCode.DATA_LOSS, message: 'lost 7 of "canary"' },
  });
  t.after(() => upstream.close());
  const { url, close } = await startServer({
    protos: ['test/protos/hooks.proto'],
    upstreams: [upstream.target],
    listen: { port: 0 },
    observability: { analytics: true },
    ...others,
  });
  t.after(close);
  const get = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
    const response = await fetch(url + path, { headers });
    await response.text().catch(() => {});
    return response.status;
  };
  return { url, target: upstream.target, get };
}

async function reportOf(url: string, query = '', headers: Record<string, string> = {}): Promise<Report> {
  const response = await fetch(`${url}/analytics/report?seconds=3600${query}`, { headers });
  assert.equal(response.status, 200);
  return (await response.json()) as Report;
}

test('calls, codes, bytes as protobuf and as JSON, callers, errors, upstreams', async (t) => {
  const { url, target, get } = await start(t, { messages: [hi] });
  const agent = { 'user-agent': 'agent/1 (canary)' };
  const statuses = ['/v1/hello/you', '/v1/hello/you', '/v1/hellos/you', '/v1/nothing'].map((path) => get(path, agent));
  assert.deepEqual(await Promise.all(statuses), [200, 200, 200, 404]);
  const { total, methods, errors, callers, upstreams, open } = await reportOf(url);
  assert.deepEqual(
    methods.map(({ method, calls, codes }) => [method, calls, codes]),
    [
      [sayHello, 2, {}],
      [sayHellos, 1, { DATA_LOSS: 1 }],
    ],
  );
  assert.equal(open, 0);
  assert.equal(total.calls, 3);
  const [hello] = methods;
  // Requests are `{"name":"you"}`: 5 bytes as protobuf, 14 as JSON; replies 4 and 16.
  assert.deepEqual([hello?.protobufBytes, hello?.jsonBytes, hello?.sampled], [18, 60, 4]);
  assert.deepEqual([total.protobufBytes, total.jsonBytes], [31, 106]);
  const { p50 = 0, p99 = 0 } = hello?.latencyMs ?? {};
  assert.ok(p50 > 0 && p99 >= p50, `${p50} ${p99}`);
  assert.deepEqual(
    callers.map(({ lastAt: _, ...caller }) => caller),
    [{ network: '127.0.0.0/24', agent: 'agent/1', protocol: 'rest', calls: 3, errors: 1 }],
  );
  const [{ example, ...error } = { example: undefined }] = errors;
  assert.deepEqual(error, { method: sayHellos, code: 'DATA_LOSS', calls: 1 });
  assert.deepEqual(
    [example?.message, example?.route, example?.isFromUpstream],
    ['lost … of …', 'GET /v1/hellos/{name}', true],
  );
  assert.deepEqual(
    upstreams.map((each) => [each.target, each.states, each.connections]),
    [[target, { ready: 1 }, 1]],
  );
});

test('calls that are open are counted while they are', async (t) => {
  const events = new EventEmitter();
  const [asked, told] = [once(events, 'asked'), once(events, 'told')];
  const { url, get } = await start(t, async () => {
    events.emit('asked');
    await told;
    return { messages: [hi] };
  });
  const call = get('/v1/hello/you');
  await asked;
  assert.equal((await reportOf(url)).open, 1);
  events.emit('told');
  assert.equal(await call, 200);
});

test('exports: all of it as JSON, rows as CSV', async (t) => {
  const { url, get } = await start(t, { messages: [hi] });
  await get('/v1/hello/you');
  const exported = await fetch(`${url}/analytics/export.json`);
  const json = (await exported.json()) as { readonly steps: readonly { method: string; calls: number }[] };
  assert.deepEqual(
    json.steps.map(({ method, calls }) => [method, calls]),
    [[sayHello, 1]],
  );
  const response = await fetch(`${url}/analytics/export.csv`);
  assert.match(response.headers.get('content-type') ?? '', /^text\/csv/);
  const [head = '', row = '', ...rest] = (await response.text()).split('\r\n');
  assert.match(head, /^at,method,calls,errors,p50_ms,p95_ms,p99_ms,protobuf_bytes,json_bytes_estimated,CANCELLED,/);
  assert.match(row, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d0\.000Z,example\.Greeter\.SayHello,1,0,[\d.]+,[\d.]+,[\d.]+,9,30,0,/);
  assert.deepEqual([rest, row.split(',').length], [[''], head.split(',').length]);
});

const canary = 'canary-5f3a91';
const secrets = {
  authorization: `Bearer ${canary}`,
  cookie: `session=${canary}`,
  'x-request-id': `${canary} ${canary}`,
  referer: `http://a.example/${canary}`,
};

test('nothing that a request holds is told: no path, query, credentials, message', async (t) => {
  const { url, get } = await start(t, { code: GrpcCode.INTERNAL, message: `no ${canary} in shelves/${canary}` });
  for (const path of [`/v1/hello/${canary}?key=${canary}`, `/v1/hello/a?${canary}=1`, `/v1/hellos/${canary}`]) {
    await get(path, secrets);
  }
  for (const path of ['report', 'export.json', 'export.csv']) {
    const text = await (await fetch(`${url}/analytics/${path}`)).text();
    assert.match(text, /SayHello/, path);
    assert.doesNotMatch(text, /canary/, path);
  }
});

test('messages as they are, where they are asked for', async (t) => {
  const failing = { code: GrpcCode.NOT_FOUND, message: 'no "Dune" in shelves/7' };
  const { url, get } = await start(t, failing, { observability: { analytics: true, analyticsMessages: true } });
  assert.equal(await get('/v1/hello/you'), 404);
  assert.equal((await reportOf(url)).errors[0]?.example?.message, 'no "Dune" in shelves/7');
});

test('whoever may not see the pages sees nothing, and callers are known by name', async (t) => {
  const security = { apiKeys: { header: 'x-api-key', keys: [keyOf()] }, pages: { anonymous: false } };
  const { url, get } = await start(t, { messages: [hi] }, { security });
  const key = { 'x-api-key': apiKey };
  const files = ['files/analytics/main.js', 'files/shared/dom.js'];
  for (const path of ['', '/report', '/export.json', '/export.csv', ...files.map((file) => `/${file}`)]) {
    assert.equal(await get(`/analytics${path}`), 401, path);
    assert.equal(await get(`/analytics${path}`, key), 200, path);
  }
  assert.equal(await get('/v1/hello/you'), 401);
  assert.equal(await get('/v1/hello/you', key), 200);
  const { callers, errors, open } = await reportOf(url, '', key);
  assert.deepEqual(callers.map(({ subject, errors }) => [subject, errors]).sort(), [
    [undefined, 1],
    [keyOf().name, 0],
  ]);
  assert.deepEqual([errors[0]?.code, errors[0]?.example?.isFromUpstream, open], ['UNAUTHENTICATED', false, 0]);
});

test('what is asked wrongly, files that are none, and off', async (t) => {
  const { get } = await start(t, { messages: [hi] });
  const asked: Readonly<Record<string, number>> = {
    '/analytics': 200,
    '/analytics/report?seconds=7': 400,
    '/analytics/report?seconds=300&method=a&method=b': 200,
    '/analytics/files/docs/index.js': 404,
    '/analytics/files/analytics/index.html': 404,
    '/analytics/files/analytics/..%2F..%2Fpackage.json': 404,
  };
  for (const [path, status] of Object.entries(asked)) assert.equal(await get(path), status, path);
  const off = await start(t, { messages: [hi] }, { observability: {} });
  assert.equal(await off.get('/analytics'), 404);
  assert.equal(await off.get('/analytics/report'), 404);
});

test('of several workers the sums of all, whichever is asked', async (t) => {
  const { url } = await serve(t, ['--demo', '--workers', '2']);
  const calls = 8;
  for (let call = 0; call < calls; call++) {
    const response = await fetch(`${url}/v1/greeter/x`, { headers: { connection: 'close' } });
    await response.text();
  }
  for (let ask = 0; ask < 2; ask++) {
    const report = await reportOf(url, '', { connection: 'close' });
    assert.deepEqual([report.processes, report.total.calls, report.callers[0]?.calls], [2, calls, calls]);
    assert.deepEqual(
      Object.values(report.upstreams[0]?.states ?? {}).reduce((sum, count) => sum + count, 0),
      2,
    );
  }
});

test('of several replicas with one store the sums of all, and of each alone while it is gone', {
  skip: missingValkey,
}, async (t) => {
  const valkey = await startValkey(t);
  const limits = { store: { url: valkey.url } };
  const [first, second] = [
    await start(t, { messages: [hi] }, { limits }),
    await start(t, { code: GrpcCode.NOT_FOUND, message: 'nobody' }, { limits }),
  ];
  const stranger = await start(t, { messages: [hi] }, { limits: { store: { ...limits.store, prefix: 'stranger' } } });
  for (const { get } of [first, second, second, stranger]) await get('/v1/hello/you');
  const told = async ({ url }: Counted): Promise<unknown> => {
    const { processes, isComplete, total, callers } = await reportOf(url);
    return [processes, isComplete, total.calls, total.errors, callers[0]?.calls];
  };
  /** Waits for what may take a moment: each listens once it is connected. */
  const eventually = async (of: Counted, wanted: unknown): Promise<void> => {
    while (!isDeepStrictEqual(await told(of), wanted)) await sleep(20);
  };
  for (const one of [first, second]) await eventually(one, [2, true, 3, 2, 3]);
  await eventually(stranger, [1, true, 1, 0, 1]);
  await valkey.kill();
  assert.deepEqual(await told(first), [1, false, 1, 0, 1]);
  assert.deepEqual(await told(second), [1, false, 2, 2, 2]);
  await valkey.restart();
  await eventually(second, [2, true, 3, 2, 3]);
});
