/** What gRPC clients may ask of the gateway itself: reflection, and the health of what it serves. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { reflectDescriptors } from '../../src/upstream/reflection.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import { startEchoUpstream } from '../upstreams/echo-upstream.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { sendRaw } from './send-raw.ts';

const protos = ['test/protos/echo.proto'];

async function serve(t: TestContext, options: TandemOptions): Promise<RunningServer> {
  const server = await startServer({ listen: { port: 0 }, limits: { drain: '200ms' }, ...options });
  t.after(() => server.close());
  return server;
}

const hostOf = ({ url }: RunningServer): string => new URL(url).host;

test('reflection tells what is served, in both versions, though the upstream has none', async (t) => {
  const server = await serve(t, { protos, upstreams: ['127.0.0.1:1'] });
  const transport = createHttp2Transport(parseTarget(hostOf(server)));
  t.after(() => transport.close());
  const { services, files, missing, version } = await reflectDescriptors(transport);
  assert.deepEqual(services, ['grpc.health.v1.Health', 'test.Echo']);
  assert.deepEqual([missing, version], [[], 'v1']);
  assert.ok(files.length >= 4);
});

test('a gateway behind a gateway serves what the other tells', async (t) => {
  const upstream = await startEchoUpstream();
  t.after(() => upstream.close());
  const inner = await serve(t, { protos, upstreams: [upstream.target] });
  const outer = await serve(t, { reflect: true, upstreams: [hostOf(inner)] });
  const { status, body } = await sendRaw(outer.url, { method: 'POST', target: '/v1/echo', body: { data: 'aGk=' } });
  assert.deepEqual([status, JSON.parse(String(body))], [200, { data: 'aGk=' }]);
});

const identity = (bytes: Buffer): Buffer => bytes;
const raw = {
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};
const method = (service: string, name: string, responseStream = false): grpc.MethodDefinition<Buffer, Buffer> => {
  return { path: `/${service}/${name}`, requestStream: false, responseStream, ...raw };
};
const Health = grpc.makeGenericClientConstructor(
  Object.fromEntries(
    ['Check', 'List', 'Watch'].map((name) => [name, method('grpc.health.v1.Health', name, name === 'Watch')]),
  ),
  'Health',
);
/** HealthCheckRequest */
const about = (service: string): Buffer => Buffer.concat([Buffer.of(10, service.length), Buffer.from(service)]);

interface HealthClient extends grpc.Client {
  Check(message: Buffer, done: (error: grpc.ServiceError | null, reply?: Buffer) => void): void;
  List(message: Buffer, done: (error: grpc.ServiceError | null, reply?: Buffer) => void): void;
  Watch(message: Buffer): grpc.ClientReadableStream<Buffer>;
}

function healthOf(t: TestContext, server: RunningServer): HealthClient {
  const client = new Health(hostOf(server), grpc.credentials.createInsecure());
  t.after(() => client.close());
  return client as unknown as HealthClient;
}

/** The reply's bytes, or the name of the code. */
function ask(client: HealthClient, name: 'Check' | 'List', message: Buffer): Promise<readonly number[] | string> {
  return new Promise((resolve) => {
    client[name](message, (error, reply) => resolve(error ? (grpc.status[error.code] as string) : [...(reply ?? [])]));
  });
}

test('health follows the upstreams and the drain', async (t) => {
  const upstream = await startEchoUpstream();
  const server = await serve(t, { protos, upstreams: [upstream.target] });
  const client = healthOf(t, server);
  const watch = client.Watch(about('test.Echo'));
  watch.on('error', () => {});
  assert.deepEqual([...(await once(watch, 'data'))[0]], [8, 1]);
  assert.deepEqual(await ask(client, 'Check', Buffer.alloc(0)), [8, 1]);
  assert.deepEqual(await ask(client, 'Check', about('test.Echo')), [8, 1]);
  assert.equal(await ask(client, 'Check', about('test.None')), 'NOT_FOUND');
  assert.deepEqual(await ask(client, 'List', Buffer.alloc(0)), [
    10,
    6,
    10,
    0,
    18,
    2,
    8,
    1,
    10,
    15,
    10,
    9,
    ...Buffer.from('test.Echo'),
    18,
    2,
    8,
    1,
  ]);
  const unknown = client.Watch(about('test.None'));
  unknown.on('error', () => {});
  assert.deepEqual([...(await once(unknown, 'data'))[0]], [8, 3]);
  unknown.cancel();
  await upstream.close();
  assert.deepEqual([...(await once(watch, 'data'))[0]], [8, 2]);
  watch.cancel();
});

test('a health service of the user’s own wins', async (t) => {
  const upstream = await startScriptedUpstream({ '/grpc.health.v1.Health/Check': { messages: [Buffer.of(8, 2)] } });
  t.after(() => upstream.close());
  const server = await serve(t, {
    protos: [...protos, 'protos/grpc/health/v1/health.proto'],
    upstreams: [upstream.target],
  });
  assert.deepEqual(await ask(healthOf(t, server), 'Check', Buffer.alloc(0)), [8, 2]);
});

test('both can be turned off', async (t) => {
  const server = await serve(t, {
    protos,
    protocols: { reflection: false, health: false },
    upstreams: ['127.0.0.1:1'],
  });
  assert.equal(await ask(healthOf(t, server), 'Check', Buffer.alloc(0)), 'UNIMPLEMENTED');
  const transport = createHttp2Transport(parseTarget(hostOf(server)));
  t.after(() => transport.close());
  await assert.rejects(reflectDescriptors(transport), /no server reflection/);
});

test('those who may not read the pages are not told either, and health has no credentials', async (t) => {
  const key = 'tdm_reader';
  const digest = `sha256:${createHash('sha256').update(key).digest('hex')}`;
  const upstream = await startEchoUpstream();
  t.after(() => upstream.close());
  const server = await serve(t, {
    protos,
    upstreams: [upstream.target],
    security: {
      apiKeys: { header: 'x-api-key', keys: [{ name: 'reader', digest, roles: ['reader'] }] },
      pages: { anonymous: false, roles: ['reader'] },
      // Closed for everybody but administrators, of whom there are none.
      access: [{ methods: ['*'], roles: ['admin'] }],
    },
  });
  assert.deepEqual(await ask(healthOf(t, server), 'Check', about('test.Echo')), [8, 1]);
  const transport = createHttp2Transport(parseTarget(hostOf(server)));
  t.after(() => transport.close());
  await assert.rejects(reflectDescriptors(transport), { message: /UNAUTHENTICATED|credentials/ });
  const outcome = async (metadata: readonly (readonly [string, string])[]): Promise<string> => {
    const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
    const options = { path, metadata, deadline: performance.now() + 5000, signal: undefined };
    try {
      // ServerReflectionRequest, list_services
      for await (const _ of transport.stream(options, Buffer.of(0x3a, 0))) return 'told';
      return 'nothing';
    } catch (error) {
      return (error as { codeName: string }).codeName;
    }
  };
  assert.deepEqual(
    [await outcome([]), await outcome([['x-api-key', 'tdm_other']]), await outcome([['x-api-key', key]])],
    ['UNAUTHENTICATED', 'UNAUTHENTICATED', 'told'],
  );
});
