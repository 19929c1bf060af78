/** What becomes of a running gateway when protos, rules and upstreams change: what is served, counted and written to the log. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import fastify from 'fastify';
import { pino } from 'pino';
import { reflectionService } from '../../src/demo/reflection-service.ts';
import { tandem } from '../../src/fastify.ts';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { temporaryFolder } from './served-process.ts';

type Line = Readonly<Record<string, unknown>>;

/** A logger, and what it has written. */
function recorder(): { readonly logger: pino.Logger; readonly lines: Line[] } {
  const lines: Line[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (text: string) => void lines.push(JSON.parse(text)) });
  return { logger, lines };
}

async function start(t: TestContext, options: TandemOptions): Promise<{ server: RunningServer; lines: Line[] }> {
  const { logger, lines } = recorder();
  const server = await startServer({ listen: { port: 0 }, ...options }, { logger });
  t.after(() => server.close());
  lines.length = 0;
  return { server, lines };
}

/** Asks again until it is so; the runner's own limit ends what never is. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}

const statusOf = async ({ url }: RunningServer, path: string): Promise<number> => (await fetch(url + path)).status;

const proto = (service: string, message: string): string => `syntax = "proto3";
package a;
import "google/api/annotations.proto";
service S { ${service} }
message M { ${message} Inner inner = 9; }
message Inner { repeated string tags = 1; }
`;
const get = 'rpc Get(M) returns (M) { option (google.api.http) = { get: "/v1/m/{id}" }; }';
const list = 'rpc List(M) returns (M) { option (google.api.http) = { get: "/v1/m" }; }';

test('a reload tells which routes and fields are others, and nothing when none is', async (t) => {
  const file = join(temporaryFolder(t), 'a.proto');
  writeFileSync(file, proto(get, 'string id = 1; int32 pages = 2; map<string, int32> counts = 3;'));
  const { server, lines } = await start(t, { protos: [file], upstreams: ['127.0.0.1:1'] });
  await server.gateway.reload();
  assert.deepEqual(lines, []);
  writeFileSync(
    file,
    proto(`${get} ${list}`, 'string id = 1; int32 pages = 2; map<string, int32> counts = 3; bool new = 4;'),
  );
  await server.gateway.reload();
  const added = { lost: [], added: ['GET /v1/m (a.S.List)'], fields: [] };
  assert.deepEqual(lines.splice(0), [{ level: 30, ...added, msg: 'routes have been added' }]);
  writeFileSync(file, proto(get, 'string id = 1; repeated int64 pages = 2; map<string, int64> counts = 3;'));
  await server.gateway.reload();
  const fields = [
    'a.M.pages: repeated int64, was int32',
    'a.M.counts: map<string, int64>, was map<string, int32>',
    'a.M.new: gone',
  ];
  assert.deepEqual(lines.splice(0), [
    { level: 40, lost: added.added, added: [], fields, msg: 'routes or fields that clients may use have changed' },
  ]);
});

test('reloads and refusals are counted', async (t) => {
  const file = join(temporaryFolder(t), 'a.proto');
  writeFileSync(file, proto(get, 'string id = 1;'));
  const { server } = await start(t, { protos: [file], upstreams: ['127.0.0.1:1'] });
  const { since, ...first } = server.gateway.reloadStats();
  assert.deepEqual(first, { reloads: 0, refusals: 0, lastRefusal: undefined });
  writeFileSync(file, 'syntax = "proto4";');
  await assert.rejects(server.gateway.reload());
  const refused = server.gateway.reloadStats();
  assert.deepEqual([refused.reloads, refused.refusals, refused.since], [0, 1, since]);
  assert.match(refused.lastRefusal?.reason ?? '', /a\.proto:1/);
  writeFileSync(file, proto(list, 'string id = 1;'));
  await server.gateway.reload();
  assert.equal(server.gateway.reloadStats().reloads, 1);
});

test('an app says which paths of a reload it cannot take', async (t) => {
  const file = join(temporaryFolder(t), 'a.proto');
  writeFileSync(file, proto(get, 'string id = 1;'));
  const { logger, lines } = recorder();
  const app = fastify({ loggerInstance: logger });
  t.after(() => app.close());
  await app.register(tandem, { protos: [file], upstreams: ['127.0.0.1:1'] });
  await app.ready();
  writeFileSync(file, proto(`${get} ${list.replace('/v1/m', '/v2/m')}`, 'string id = 1;'));
  await app.tandem.reload();
  assert.deepEqual(lines.at(-1), {
    level: 40,
    paths: ['/v2', '/v2/*'],
    msg: 'an app takes no paths once it is ready: start it again to serve these',
  });
});

/** An upstream that tells of services, `told`, and can be ended and begun again on its port. */
async function startReflected(t: TestContext, told: readonly string[]) {
  const { schema } = await loadSchema({ protos: ['protos/example'], mixins: ['grpc.reflection.v1.ServerReflection'] });
  let server = new grpc.Server();
  let port = 0;
  const begin = async (services: readonly string[] | undefined): Promise<void> => {
    server = new grpc.Server();
    if (services !== undefined) {
      const { definition, implementation } = reflectionService(schema, services);
      server.addService({ v1: definition['v1'] } as grpc.ServiceDefinition, implementation);
    }
    port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
  };
  await begin(told);
  t.after(() => server.forceShutdown());
  return { target: `127.0.0.1:${port}`, begin, end: () => server.forceShutdown() };
}

const greeter = 'example.Greeter';
const library = 'example.library.v1.Library';

test('an upstream that comes back is asked again; while it is away its routes stay', async (t) => {
  const upstream = await startReflected(t, [greeter]);
  const { server } = await start(t, { reflect: true, upstreams: [upstream.target], limits: { drain: '200ms' } });
  assert.deepEqual(server.gateway.generation.services, [greeter]);
  upstream.end();
  await server.gateway.reload();
  assert.deepEqual([await statusOf(server, '/v1/greeter/x'), await statusOf(server, '/v1/shelves')], [503, 404]);
  await upstream.begin([greeter, library]);
  await until(() => server.gateway.generation.services.length === 2);
  // It tells of the method, and does not have it.
  assert.deepEqual([await statusOf(server, '/v1/greeter/x'), await statusOf(server, '/v1/shelves')], [501, 501]);
});

test('what an upstream tells is refused if it is wrong: said once, and the routes stay', async (t) => {
  const upstream = await startReflected(t, [greeter]);
  const options = { reflect: true, reflectInterval: '50ms', upstreams: [upstream.target], limits: { drain: '200ms' } };
  const { server, lines } = await start(t, options);
  upstream.end();
  await upstream.begin(undefined);
  await until(() => server.gateway.reloadStats().refusals > 1);
  const refusals = lines.filter(({ msg }) => msg === 'a change is refused: the old stays');
  assert.match(JSON.stringify(refusals), /it has no server reflection/);
  assert.equal(refusals.length, 1);
  assert.deepEqual(server.gateway.generation.services, [greeter]);
});

test('reflectInterval asks an upstream that has stayed', async (t) => {
  const told = [greeter];
  const upstream = await startReflected(t, told);
  const options = { reflect: true, reflectInterval: '50ms', upstreams: [upstream.target], limits: { drain: '200ms' } };
  const { server, lines } = await start(t, options);
  told.push(library);
  await until(() => server.gateway.generation.services.length === 2);
  assert.equal(lines.at(-1)?.['msg'], 'routes have been added');
  assert.equal(server.gateway.reloadStats().reloads, 1);
});
