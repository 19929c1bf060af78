/** `/metrics`: the names and values that Prometheus reads after calls whose number is known. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { GrpcCode } from '../../src/index.ts';
import { startServer } from '../../src/server/start-server.ts';
import { until } from '../faults/stage.ts';
import { type Script, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { apiKey, keyOf } from './security-fixture.ts';
import { serve } from './served-process.ts';

/** HelloReply with the message "hi". */
const hi = Uint8Array.of(10, 2, 104, 105);

interface Measured {
  readonly url: string;
  readonly target: string;
  get(path: string, init?: RequestInit): Promise<number>;
  /** The value of a sample, written as in the text. */
  value(sample: string): Promise<number | undefined>;
  reload(): Promise<unknown>;
}

async function start(
  t: TestContext,
  hello: Script,
  others: TandemOptions = {},
  hellos: Script = { messages: [hi, hi], code: GrpcCode.DATA_LOSS },
): Promise<Measured> {
  const upstream = await startScriptedUpstream({
    '/example.Greeter/SayHello': hello,
    '/example.Greeter/SayHellos': hellos,
  });
  t.after(() => upstream.close());
  const { url, gateway, close } = await startServer({
    protos: ['test/protos/hooks.proto'],
    upstreams: [upstream.target],
    listen: { port: 0 },
    observability: { metrics: true },
    ...others,
  });
  t.after(close);
  const get = async (path: string, init?: RequestInit): Promise<number> => {
    const response = await fetch(url + path, init);
    await response.text().catch(() => {});
    return response.status;
  };
  const value = async (sample: string): Promise<number | undefined> => sampleOf(await textOf(url), sample);
  return { url, target: upstream.target, get, value, reload: () => gateway.reload() };
}

async function textOf(url: string): Promise<string> {
  return await (await fetch(`${url}/metrics`)).text();
}

function sampleOf(text: string, sample: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

const sayHello = 'grpc_method="example.Greeter/SayHello"';
const sayHellos = 'grpc_method="example.Greeter/SayHellos"';

test('calls, route misses, aborted streams and the gateway itself', async (t) => {
  const { get, value, target, reload } = await start(t, { messages: [hi] });
  const statuses = ['/v1/hello/you', '/v1/hello/you', '/v1/hellos/you', '/v1/nothing', '/v1/hello/%zz'].map((path) =>
    get(path),
  );
  assert.deepEqual(await Promise.all(statuses), [200, 200, 200, 404, 400]);
  assert.equal(await get('/v1/hello/you', { method: 'DELETE' }), 405);
  assert.equal(await get('/v1/hello/you?nonsense=1'), 400);
  await reload();
  const expected: Readonly<Record<string, number>> = {
    [`grpc_server_call_duration_seconds_count{${sayHello},grpc_status="OK",protocol="rest"}`]: 2,
    [`grpc_client_call_duration_seconds_count{${sayHello},grpc_status="OK"}`]: 2,
    [`tandem_transcode_duration_seconds_count{${sayHello}}`]: 2,
    [`tandem_rpc_messages_total{${sayHello},direction="request"}`]: 2,
    [`tandem_rpc_message_bytes_total{${sayHello},direction="request"}`]: 10,
    [`tandem_rpc_message_bytes_total{${sayHello},direction="reply"}`]: 8,
    [`grpc_server_call_duration_seconds_count{${sayHellos},grpc_status="DATA_LOSS",protocol="rest"}`]: 1,
    [`tandem_stream_aborts_total{${sayHellos},grpc_status="DATA_LOSS"}`]: 1,
    [`tandem_unknown_parameters_total{${sayHello}}`]: 1,
    [`tandem_refusals_total{${sayHello},grpc_status="INVALID_ARGUMENT"}`]: 1,
    tandem_log_lines_lost_total: 0,
    'tandem_route_misses_total{reason="no_rule"}': 1,
    'tandem_route_misses_total{reason="wrong_method"}': 1,
    'tandem_route_misses_total{reason="malformed"}': 1,
    'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/v1/hello/{name}",http_response_status_code="200"}': 2,
    'tandem_rpcs_open{kind="unary"}': 0,
    'tandem_rpcs_open{kind="stream"}': 0,
    [`tandem_upstream_state{upstream="${target}",state="ready"}`]: 1,
    [`tandem_upstream_in_flight{upstream="${target}"}`]: 0,
    [`tandem_upstream_connections{upstream="${target}"}`]: 1,
    [`tandem_upstream_overflows_total{upstream="${target}",reason="pending"}`]: 0,
    tandem_ready: 1,
    tandem_routes: 2,
    'tandem_reloads_total{result="done"}': 1,
    'tandem_reloads_total{result="refused"}': 0,
  };
  for (const [sample, number] of Object.entries(expected)) assert.equal(await value(sample), number, sample);
  assert.ok((await value('nodejs_eventloop_lag_seconds')) !== undefined);
});

test('calls that are open are counted while they are', async (t) => {
  const events = new EventEmitter();
  const asked = once(events, 'asked');
  const told = once(events, 'told');
  const hello: Script = async () => {
    events.emit('asked');
    await told;
    return { messages: [hi] };
  };
  const { get, value, target } = await start(t, hello);
  const call = get('/v1/hello/you');
  await asked;
  assert.equal(await value('tandem_rpcs_open{kind="unary"}'), 1);
  assert.equal(await value(`tandem_upstream_in_flight{upstream="${target}"}`), 1);
  events.emit('told');
  assert.equal(await call, 200);
});

test('bytes that are held: of a body that is not whole, of answers that nobody takes', async (t) => {
  const large = Buffer.concat([Buffer.of(10, 0x80, 0x80, 0x40), Buffer.alloc(1024 * 1024, 'a')]);
  const { url, value } = await start(t, { messages: [hi] }, {}, { messages: Array(32).fill(large) });
  const opened = (text: string): Socket => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    t.after(() => socket.destroy());
    socket.pause().write(text);
    return socket;
  };
  const held = (direction: string): Promise<number | undefined> =>
    value(`tandem_buffered_bytes{direction="${direction}"}`);
  const body = opened(`GET /v1/hello/you HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n${'a'.repeat(400)}`);
  const answer = opened('GET /v1/hellos/you HTTP/1.1\r\nhost: a\r\n\r\n');
  await until(async () => (await held('request')) === 400 && ((await held('reply')) ?? 0) > 0, 'both are held');
  body.destroy();
  answer.destroy();
  await until(async () => (await held('request')) === 0 && (await held('reply')) === 0, 'none is held');
});

test('what security and limits refuse is counted, whichever it was', async (t) => {
  const security = { apiKeys: { header: 'x-api-key', keys: [keyOf()] } };
  const limits = { calls: [{ name: 'few', rates: ['1/1h'] }] };
  const { get, value } = await start(t, { messages: [hi] }, { security, limits });
  const headers = { 'x-api-key': apiKey };
  assert.equal(await get('/v1/hello/you'), 401);
  assert.equal(await get('/v1/hello/you', { headers }), 200);
  assert.equal(await get('/v1/hello/you', { headers }), 429);
  for (const status of ['UNAUTHENTICATED', 'RESOURCE_EXHAUSTED']) {
    assert.equal(await value(`tandem_refusals_total{${sayHello},grpc_status="${status}"}`), 1, status);
  }
});

test('connections, and those beyond the limit', async (t) => {
  const { url } = await start(t, { messages: [hi] }, { limits: { connections: 2 } });
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  const [first] = [await open(), await open()];
  await once((await open()).resume(), 'close');
  first?.destroy();
  let text = '';
  await until(async () => {
    text = await textOf(url).catch(() => '');
    return text !== '';
  }, 'there is room for who asks');
  assert.ok(Number(sampleOf(text, 'tandem_connections_refused_total')) >= 1);
  assert.equal(sampleOf(text, 'tandem_connections'), 2);
});

test('the dashboard asks for nothing that is not told', async (t) => {
  const { url } = await start(t, { messages: [hi] }, { shadow: { percent: 1 } });
  const told = new Set([...(await textOf(url)).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
  const dashboard = readFileSync('deploy/grafana/tandem.json', 'utf8');
  const named = [...dashboard.matchAll(/\b(?:tandem|grpc|nodejs|process)_\w+_\w+|\btandem_\w+/g)].map(([name]) => name);
  const asked = named.map((name) => name.replace(/_(bucket|count)$/, ''));
  assert.ok(asked.length > 15);
  assert.deepEqual(
    asked.filter((name) => !told.has(name)),
    [],
  );
});

test('nothing that a client sends becomes a label', async (t) => {
  const { url, get } = await start(t, { messages: [hi] });
  const headers = { authorization: 'Bearer canary-token', 'x-api-key': 'canary-key', 'user-agent': 'canary-agent' };
  for (const path of ['/v1/hello/canary-name?key=canary-query', '/canary-path']) await get(path, { headers });
  assert.doesNotMatch(await textOf(url), /canary/);
});

test('whoever may not see the pages may not see the metrics', async (t) => {
  const security = { apiKeys: { header: 'x-api-key', keys: [keyOf()] }, pages: { anonymous: false } };
  const { url, get } = await start(t, { messages: [hi] }, { security });
  assert.equal(await get('/metrics'), 401);
  const response = await fetch(`${url}/metrics`, { headers: { 'x-api-key': apiKey } });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
});

test('off: no path', async (t) => {
  const { get } = await start(t, { messages: [hi] }, { observability: { metrics: false } });
  assert.equal(await get('/metrics'), 404);
});

test('a certificate tells how long it is valid', async (t) => {
  const cert = 'test/fixtures/tls/server.crt';
  const { gateway, app, close } = await startServer({
    protos: ['test/protos/hooks.proto'],
    upstreams: ['127.0.0.1:1'],
    listen: { port: 0, tls: { cert, key: 'test/fixtures/tls/server.key' } },
    observability: { metrics: true },
  });
  t.after(close);
  const { body } = await app.inject('/metrics');
  const { tls } = gateway.options.listen;
  assert.ok(Number.isFinite(sampleOf(body, `tandem_certificate_expiry_seconds{file="${tls?.cert}"}`)), body);
});

test('of several workers the sums of all, whichever is asked', async (t) => {
  const env = { TANDEM_OBSERVABILITY__METRICS: 'true' };
  const { url } = await serve(t, ['--demo', '--workers', '2'], { env });
  const calls = 8;
  for (let call = 0; call < calls; call++) {
    const response = await fetch(`${url}/v1/greeter/x`, { headers: { connection: 'close' } });
    await response.text();
  }
  const sample =
    'grpc_server_call_duration_seconds_count{grpc_method="example.Greeter/SayHello",grpc_status="OK",protocol="rest"}';
  for (let ask = 0; ask < 2; ask++) {
    const response = await fetch(`${url}/metrics`, { headers: { connection: 'close' } });
    assert.equal(sampleOf(await response.text(), sample), calls);
  }
});
