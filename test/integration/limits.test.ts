/** Limits of calls: the RPC is what is counted, by whichever protocol it is called. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { test } from 'node:test';
import fastify from 'fastify';
import { tandem } from '../../src/fastify.ts';
import { protocols } from './protocol-calls.ts';
import { apiKey, keyOf, startSecure } from './security-fixture.ts';

const ping = '/vault.Vault/Ping';
const frame = Buffer.alloc(5);

for (const [name, call] of Object.entries(protocols)) {
  test(`${name}: the headers count down, then RESOURCE_EXHAUSTED with what to wait for`, async (t) => {
    const calls = [{ name: 'all', methods: ['vault.Vault/*'], rates: ['2/1h', '1000/24h'] }];
    const { server, upstream } = await startSecure(t, {}, { limits: { calls } });
    const answers = [await call(server.url), await call(server.url), await call(server.url)];
    assert.deepEqual(
      answers.map(({ code }) => code),
      [0, 0, 8],
    );
    assert.deepEqual(
      answers.map(({ headers }) => String(headers['ratelimit']).replaceAll(/t=\d+/g, 't')),
      ['"all-1h";r=1;t, "all-24h";r=999;t', '"all-1h";r=0;t, "all-24h";r=998;t', '"all-1h";r=0;t, "all-24h";r=998;t'],
    );
    const [, , { headers, detailTypes } = assert.fail()] = answers;
    assert.equal(headers['ratelimit-policy'], '"all-1h";q=2;w=3600, "all-24h";q=1000;w=86400');
    const wait = Number(headers['retry-after']);
    assert.ok(wait > 3000 && wait <= 3600, `retry-after: ${headers['retry-after']}`);
    assert.deepEqual(detailTypes, ['google.rpc.RetryInfo', 'google.rpc.QuotaFailure']);
    assert.equal(upstream.calls.length, 2);
  });
}

test('all protocols count together, and what fails counts as well', async (t) => {
  const { server } = await startSecure(t, {}, { limits: { calls: [{ rates: ['4/1h'] }] } });
  for (const call of Object.values(protocols)) assert.equal((await call(server.url)).code, 0);
  for (const [name, call] of Object.entries(protocols)) assert.equal((await call(server.url)).code, 8, name);
});

test('the answer over HTTP says what, whose and how long', async (t) => {
  const { server } = await startSecure(t, {}, { limits: { calls: [{ rates: ['1/500ms', '1/1h'] }] } });
  await fetch(`${server.url}/ping`);
  const response = await fetch(`${server.url}/ping`);
  assert.equal(response.status, 429);
  const { message, details } = (await response.json()) as { message: string; details: Record<string, unknown>[] };
  assert.match(message, /^too many calls: (1 calls in 500ms, )?1 calls in 1h$/);
  const [retry, failure] = details;
  assert.match(String(retry?.['retryDelay']), /^3[0-9.]+s$/);
  const violations = failure?.['violations'] as { subject: string; description: string }[];
  assert.deepEqual(violations.at(-1), { subject: 'address:127.0.0.1', description: '1 calls in 1h' });
});

/** How many of some requests are let in: `[path, headers]`. */
const countings = [
  {
    name: 'each method',
    per: ['method'],
    asks: ['/ping', '/ping', '/v1/items', '/v1/items'],
    statuses: [200, 429, 200, 429],
  },
  { name: 'all together', per: [], asks: ['/ping', '/v1/items'], statuses: [200, 429] },
  {
    name: 'each address and method',
    per: ['address', 'method'],
    asks: ['/ping', '/v1/items', '/ping'],
    statuses: [200, 200, 429],
  },
  { name: 'two rules of one method', per: ['method'], asks: ['/v1/items/1', '/v1/items/2'], statuses: [200, 429] },
] as const;

for (const { name, per, asks, statuses } of countings) {
  test(`counted by ${name}`, async (t) => {
    const { server } = await startSecure(t, {}, { limits: { calls: [{ per, rates: ['1/1h'] }] } });
    const answered: number[] = [];
    for (const path of asks) answered.push((await fetch(server.url + path)).status);
    assert.deepEqual(answered, statuses);
  });
}

test('each identity by itself, whichever address; wrong credentials count for the address', async (t) => {
  const calls = [
    { name: 'address', per: ['address'] as const, rates: ['4/1h'] },
    { name: 'caller', rates: ['1/1h'] },
  ];
  const security = { apiKeys: { header: 'x-api-key', keys: [keyOf()] }, access: [{ methods: ['*'], anonymous: true }] };
  const { server } = await startSecure(t, security, { limits: { calls } });
  const ask = async (headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`${server.url}/ping`, { headers })).status;
  const known = { 'x-api-key': apiKey };
  assert.deepEqual(
    [await ask(known), await ask(), await ask(known), await ask({ 'x-api-key': 'wrong' })],
    [200, 200, 429, 401],
  );
  assert.equal(await ask(), 429);
});

test('so many at a time: a place is free again when the call has ended', async (t) => {
  const { server, upstream } = await startSecure(t, {}, { limits: { calls: [{ concurrent: 1 }] } });
  let release: () => void = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const begun = new Promise<void>((resolve) => {
    upstream.script(ping, async () => {
      resolve();
      await gate;
      return { messages: [new Uint8Array()] };
    });
  });
  const first = fetch(`${server.url}/ping`);
  await begun;
  const second = await fetch(`${server.url}/v1/items`);
  assert.deepEqual([second.status, second.headers.get('retry-after')], [429, '1']);
  release();
  assert.equal((await first).status, 200);
  assert.equal((await fetch(`${server.url}/v1/items`)).status, 200);
});

test('gRPC’s health is not counted by limits for all methods', async (t) => {
  const { server } = await startSecure(t, {}, { limits: { calls: [{ rates: ['1/1h'] }] } });
  for (const _ of [1, 2]) {
    const session = connect(server.url);
    const path = '/grpc.health.v1.Health/Check';
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      te: 'trailers',
      'content-type': 'application/grpc',
    });
    stream.end(frame);
    const [head] = await once(stream, 'response');
    session.destroy();
    assert.equal(head['grpc-status'] ?? '0', '0');
  }
});

test('a reload sets no count back', async (t) => {
  const { server } = await startSecure(t, {}, { limits: { calls: [{ rates: ['1/1h'] }] } });
  assert.equal((await fetch(`${server.url}/ping`)).status, 200);
  await server.gateway.reload();
  assert.equal((await fetch(`${server.url}/ping`)).status, 429);
});

test('a method that no proto has', async (t) => {
  await assert.rejects(
    startSecure(t, {}, { limits: { calls: [{ methods: ['vault.Vault/Nope'], rates: ['1/1h'] }] } }),
    {
      message: /limits\.calls\[0\]\.methods\[0\]: vault\.Vault\/Nope names nothing; write /,
    },
  );
});

test('in an app, of IPv6 a /64 is one address', async (t) => {
  const app = fastify();
  t.after(() => app.close());
  await app.register(tandem, {
    protos: ['test/protos/security.proto'],
    mock: true,
    limits: { calls: [{ rates: ['1/1h'] }] },
  });
  const from = async (remoteAddress: string): Promise<number> =>
    (await app.inject({ url: '/ping', remoteAddress })).statusCode;
  assert.deepEqual(
    [await from('2001:db8::1'), await from('2001:db8:0:0:9::'), await from('2001:db8:0:1::1')],
    [200, 429, 200],
  );
});
