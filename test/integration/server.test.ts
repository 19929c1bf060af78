/** The stand-alone server: its own paths, its connections, and what happens when upstreams and clients come and go. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerHttp2Stream } from 'node:http2';
import { get } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { SchemaError } from '../../src/schema/problem.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { endless, grpcHeaders, raw, silence } from '../upstreams/faults.ts';
import { frame, type Script, type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { sendRaw } from './send-raw.ts';

const protos = ['test/protos/workshop/workshop.proto'];
const service = '/test.workshop.v1.Workshop';
const anyTool: Script = { messages: [Uint8Array.of(10, 1, 97)] };

async function start(
  t: TestContext,
  scripts: Readonly<Record<string, Script>>,
  options: TandemOptions = {},
): Promise<{ server: RunningServer; upstream: ScriptedUpstream }> {
  const byPath = Object.fromEntries(
    Object.entries(scripts).map(([method, script]) => [`${service}/${method}`, script]),
  );
  const upstream = await startScriptedUpstream(byPath);
  // Clients that a test leaves behind do not hold its end up, and a busy machine is no overload.
  const limits = { drain: '500ms', eventLoopDelay: '1m', ...options.limits };
  const server = await startServer({ protos, upstreams: [upstream.target], listen: { port: 0 }, ...options, limits });
  t.after(async () => {
    await server.close();
    await upstream.close();
  });
  return { server, upstream };
}

const statusOf = async (server: RunningServer, target: string): Promise<number> =>
  (await sendRaw(server.url, { method: 'GET', target })).status;

/** Asks again until it is so; the runner's own limit ends what never is. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(10);
}

async function openSocket(t: TestContext, { url }: RunningServer): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

test('own paths answer, and can be renamed or turned off', async (t) => {
  const { server } = await start(t, {}, { docs: { prefix: '/-', paths: { healthz: '/alive', openapiYaml: false } } });
  assert.equal(await statusOf(server, '/-/alive'), 200);
  assert.equal(await statusOf(server, '/-/openapi.json'), 200);
  for (const path of ['/-/openapi.yaml', '/healthz', '/-/healthz', '/docs']) {
    assert.equal(await statusOf(server, path), 404, path);
  }
});

test('each package and service has a document of its own', async (t) => {
  const { server } = await start(t, {});
  for (const name of ['test.workshop.v1', 'test.workshop.v1.Workshop']) {
    const { body, status } = await sendRaw(server.url, { method: 'GET', target: `/openapi/${name}.json` });
    assert.equal(status, 200);
    assert.equal(JSON.parse(body.toString()).info.title, name);
    const yaml = await sendRaw(server.url, { method: 'GET', target: `/openapi/${name}.yaml` });
    assert.match(yaml.body.toString(), /^openapi: 3\.1\.0\n/);
  }
  for (const other of ['no.such.v1.json', 'test.workshop.v1', 'test.workshop.v1.xml']) {
    assert.equal(await statusOf(server, `/openapi/${other}`), 404, other);
  }
});

test('a large API has a page to search it, and Swagger UI of each service', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-large-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const rpcs = Array.from(
    { length: 101 },
    (_, index) => `rpc Get${index}(R) returns (R) { option (google.api.http).get = "/v1/things/${index}"; }`,
  );
  const head = 'syntax = "proto3"; package large; import "google/api/annotations.proto"; message R {}';
  writeFileSync(join(folder, 'large.proto'), `${head} service Large { ${rpcs.join('\n')} }`);
  const { server } = await start(t, {}, { protos: [folder], docs: { prefix: '/-' } });
  const read = async (path: string) => fetch(`${server.url}/-/docs${path}`);
  const page = await read('');
  assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'.*script-src 'self'/);
  assert.match(await page.text(), /<script type="module" src="\/-\/docs\/files\/docs\/index\.js"><\/script>/);
  const index = (await (await read('/operations.json')).json()) as { readonly operations: readonly unknown[] };
  assert.equal(index.operations.length, 101);
  assert.match(await (await read('/large.Large')).text(), /data-url="\/-\/docs\/large\.Large\/openapi\.json"/);
  const document = (await (await read('/large.Large/openapi.json')).json()) as {
    readonly info: { readonly title: string };
  };
  assert.equal(document.info.title, 'large.Large');
  for (const [file, type] of [
    ['files/docs/index.js', 'text/javascript'],
    ['files/docs/index.css', 'text/css'],
    ['static/swagger-ui.css', 'text/css'],
  ]) {
    assert.match((await read(`/${file}`)).headers.get('content-type') ?? '', new RegExp(`^${type}`), file);
  }
  assert.equal((await read('/no.such.Service')).status, 404);
});

test("a user's rule wins over an own path", async (t) => {
  const { server } = await start(t, { GetTool: anyTool }, { docs: { paths: { healthz: '/v1/plain/health' } } });
  const { body } = await sendRaw(server.url, { method: 'GET', target: '/v1/plain/health' });
  assert.deepEqual(JSON.parse(body.toString()), { name: 'a' });
});

test('readiness follows the upstream, down and up again', async (t) => {
  const { server, upstream } = await start(t, { GetTool: anyTool });
  await until(async () => (await statusOf(server, '/readyz')) === 200);
  await upstream.close();
  await until(async () => (await statusOf(server, '/readyz')) === 503);
  assert.equal(await statusOf(server, '/healthz'), 200);
  assert.equal(await statusOf(server, '/v1/tools/a'), 503);
  const again = await startScriptedUpstream({ [`${service}/GetTool`]: anyTool }, { port: upstream.port });
  t.after(() => again.close());
  await until(async () => (await statusOf(server, '/readyz')) === 200);
  assert.equal(await statusOf(server, '/v1/tools/a'), 200);
});

/** An upstream that tells which stream of a call was opened, and never answers. */
function silent(): { script: Script; opened: Promise<ServerHttp2Stream> } {
  const { promise, resolve } = deferred<ServerHttp2Stream>();
  return { opened: promise, script: raw((stream) => resolve(stream.resume())) };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

for (const [kind, method, target] of [
  ['unary', 'GetTool', '/v1/tools/a'],
  ['streaming', 'Watch', '/v1/watch/a'],
] as const) {
  test(`a client that goes cancels its ${kind} call`, async (t) => {
    const { script, opened } = silent();
    const { server } = await start(t, { [method]: script });
    const socket = await openSocket(t, server);
    socket.write(`GET ${target} HTTP/1.1\r\nhost: a\r\n\r\n`);
    const stream = await opened;
    socket.destroy();
    if (!stream.closed) await once(stream, 'close');
    assert.equal(stream.aborted || stream.rstCode !== 0, true);
  });
}

test('a reader that goes in the middle of a stream cancels the call', async (t) => {
  const closed = deferred<boolean>();
  const script = raw((stream) => {
    stream.respond(grpcHeaders);
    stream.write(frame(Uint8Array.of(10, 1, 97)));
    stream.on('close', () => closed.resolve(true));
  });
  const { server } = await start(t, { Watch: script });
  const socket = await openSocket(t, server);
  socket.write('GET /v1/watch/a HTTP/1.1\r\nhost: a\r\n\r\n');
  await once(socket, 'data');
  socket.destroy();
  assert.equal(await closed.promise, true);
});

test('a slow reader holds the upstream back', async (t) => {
  let written = 0;
  const size = 100_000;
  const script = endless(size, (bytes) => {
    written += bytes;
  });
  const { server } = await start(t, { WatchDrawing: script });
  const socket = await openSocket(t, server);
  socket.pause();
  socket.write('GET /v1/drawings/a:watch HTTP/1.1\r\nhost: a\r\n\r\n');
  let before = -1;
  while (written !== before || written === 0) {
    before = written;
    await sleep(300);
  }
  // Windows, socket buffers of three hops: far from what an upstream that runs ahead would have sent by now.
  assert.ok(written < 30_000_000, `${written} bytes ahead`);
});

test('after an error the connection serves the next request', async (t) => {
  const { server } = await start(t, { GetTool: anyTool });
  const socket = await openSocket(t, server);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write('POST /v1/bench HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{]');
  await until(() => text.includes('"details"'));
  socket.write('GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n');
  await until(() => text.includes('no rule serves'));
  socket.write('GET /v1/tools/a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  await once(socket, 'close');
  assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 400', 'HTTP/1.1 404', 'HTTP/1.1 200']);
});

test('close lets open calls finish; not ready meanwhile', async (t) => {
  const release = deferred<void>();
  const called = deferred<void>();
  const slow: Script = async () => {
    called.resolve();
    await release.promise;
    return { messages: [Uint8Array.of(10, 1, 97)] };
  };
  const { server } = await start(t, { GetTool: slow });
  const reply = sendRaw(server.url, { method: 'GET', target: '/v1/tools/a' });
  await called.promise;
  const closing = server.close();
  assert.equal(server.gateway.readiness().isReady, false);
  release.resolve();
  assert.equal((await reply).status, 200);
  await closing;
});

test('close does not wait longer than limits.drain', async (t) => {
  const { script, opened } = silent();
  const { server } = await start(t, { GetTool: script }, { limits: { drain: '200ms' } });
  const reply = sendRaw(server.url, { method: 'GET', target: '/v1/tools/a' });
  await opened;
  await server.close();
  // The call was ended, not left to its deadline, which would be 504.
  assert.equal((await reply).status, 503);
});

test('a reload swaps whole generations; a bad one is refused, and calls in flight finish', async (t) => {
  const release = deferred<void>();
  const called = deferred<void>();
  const slow: Script = async () => {
    called.resolve();
    await release.promise;
    return { messages: [Uint8Array.of(10, 1, 97)] };
  };
  const { server, upstream } = await start(t, { GetTool: slow, Unruled: anyTool });
  const inFlight = sendRaw(server.url, { method: 'GET', target: '/v1/tools/a' });
  await called.promise;
  const before = server.gateway.generation;
  await assert.rejects(server.gateway.reload({ protos: ['nowhere'], upstreams: [upstream.target] }), SchemaError);
  assert.equal(server.gateway.generation, before);
  const rules = ['test/protos/workshop/rules.yaml'];
  await server.gateway.reload({ protos, rules, upstreams: [upstream.target] });
  assert.equal(await statusOf(server, '/ruled/a'), 200);
  release.resolve();
  assert.equal((await inFlight).status, 200);
});

test('two gateways in one process do not know each other', async (t) => {
  const one = await start(t, { GetTool: anyTool });
  const two = await start(t, { GetTool: { code: 5, message: 'none here' } }, { transcoding: { errors: 'google' } });
  assert.equal(await statusOf(one.server, '/v1/tools/a'), 200);
  assert.equal(await statusOf(two.server, '/v1/tools/a'), 404);
});

test('a body that stalls is 408', async (t) => {
  const { server } = await start(t, { Measure: silence }, { limits: { requestTimeout: '100ms' } });
  const headers = { 'content-length': '10' };
  const { status, headers: answer } = await sendRaw(server.url, {
    method: 'POST',
    target: '/v1/bench',
    body: '{',
    headers,
  });
  assert.deepEqual([status, answer['connection']], [408, 'close']);
});

test('an upstream that takes too long is 504, and hears of it', async (t) => {
  const { script, opened } = silent();
  const { server } = await start(t, { GetTool: script });
  const headers = { 'grpc-timeout': '100m' };
  const { status } = await sendRaw(server.url, { method: 'GET', target: '/v1/tools/a', headers });
  assert.equal(status, 504);
  const stream = await opened;
  if (!stream.closed) await once(stream, 'close');
});

test('HTTPS', async (t) => {
  const file = (name: string): string => `test/fixtures/tls/${name}`;
  const tls = { cert: file('server.crt'), key: file('server.key') };
  const { server } = await start(t, { GetTool: anyTool }, { listen: { port: 0, tls } });
  const ca = readFileSync(file('ca.crt'));
  const request = get(`${server.url}/v1/tools/a`, { ca, servername: 'localhost', agent: false });
  const [response] = await once(request, 'response');
  assert.equal(response.statusCode, 200);
  response.resume();
  await once(response, 'end');
});

test('a TLS file that is missing is named at start', async () => {
  const listen = { port: 0, tls: { cert: 'nowhere.crt', key: 'nowhere.key' } };
  await assert.rejects(startServer({ protos, upstreams: ['127.0.0.1:1'], listen }), SchemaError);
});
