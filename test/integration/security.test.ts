/** Who may call what, by each kind of credentials, over a real server in front of a real upstream. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { identityOf } from '../../src/index.ts';
import { hashPassword } from '../../src/security/scrypt-hash.ts';
import { apiKey, keyOf, startSecure } from './security-fixture.ts';

const basicOf = (name: string, password: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
});

async function ask(
  url: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<[number, string | null]> {
  const response = await fetch(url, { method, headers });
  await response.arrayBuffer();
  return [response.status, response.headers.get('www-authenticate')];
}

test('nobody gets in without credentials, and the answer says which', async (t) => {
  const { server, upstream } = await startSecure(t, {
    basic: { users: [{ name: 'ann', password: await hashPassword('secret') }] },
    apiKeys: { header: 'x-api-key', query: 'key', keys: [keyOf()] },
    realm: 'a "vault"',
  });
  const [status, challenge] = await ask(`${server.url}/ping`);
  assert.equal(status, 401);
  assert.equal(
    challenge,
    'Basic realm="a \\"vault\\"", charset="UTF-8", ApiKey realm="a \\"vault\\"", header="x-api-key", query="key"',
  );
  assert.equal((await ask(`${server.url}/healthz`))[0], 200);
  assert.equal((await ask(`${server.url}/nothing`))[0], 404);
  assert.equal(upstream.calls.length, 0);
});

test('Basic: right and wrong, remembered, unknown users', async (t) => {
  const { server, upstream } = await startSecure(t, {
    basic: { users: [{ name: 'ann', password: await hashPassword('sécret:x'), roles: ['reader', 'a,b c'] }] },
  });
  for (const _ of [1, 2]) assert.equal((await ask(`${server.url}/ping`, basicOf('ann', 'sécret:x')))[0], 200);
  assert.equal((await ask(`${server.url}/ping`, basicOf('ann', 'secret')))[0], 401);
  assert.equal((await ask(`${server.url}/ping`, basicOf('bob', 'sécret:x')))[0], 401);
  assert.equal((await ask(`${server.url}/ping`, { authorization: 'Basic ???' }))[0], 401);
  const { headers } = upstream.calls[1] ?? {};
  assert.deepEqual(
    [headers?.['x-tandem-subject'], headers?.['x-tandem-roles'], headers?.['x-tandem-auth-method']],
    ['ann', 'reader,a%2Cb%20c', 'basic'],
  );
  assert.equal(headers?.['authorization'], undefined);
  assert.equal(upstream.calls.length, 2);
});

test('Basic without users lets nobody in', async (t) => {
  const { server } = await startSecure(t, { basic: { users: [] } });
  assert.equal((await ask(`${server.url}/ping`, basicOf('ann', 'secret')))[0], 401);
});

test('ten wrong passwords in a minute, then 429, also for the right one', async (t) => {
  const { server } = await startSecure(t, {
    basic: { users: [{ name: 'ann', password: await hashPassword('secret') }] },
  });
  const tries = Array.from({ length: 14 }, (_, index) => ask(`${server.url}/ping`, basicOf('ann', `wrong${index}`)));
  const statuses = (await Promise.all(tries)).map(([status]) => status);
  assert.deepEqual(statuses.toSorted(), [...Array(10).fill(401), ...Array(4).fill(429)]);
  const response = await fetch(`${server.url}/ping`, { headers: basicOf('ann', 'secret') });
  assert.equal(response.status, 429);
  const wait = Number(response.headers.get('retry-after'));
  assert.ok(wait > 0 && wait <= 60, `retry-after: ${wait}`);
});

test('an API key in a header, the query or a cookie; never a field, never upstream', async (t) => {
  const { server, upstream } = await startSecure(t, {
    apiKeys: { header: 'x-api-key', query: 'key', cookie: 'session', keys: [keyOf(['reader'], ['a', 'b'])] },
  });
  const asked = [
    await ask(`${server.url}/ping?key=${apiKey}`),
    await ask(`${server.url}/ping?name=n&%6Bey=${apiKey}`),
    await ask(`${server.url}/ping`, { 'x-api-key': apiKey }),
    await ask(`${server.url}/ping`, { cookie: `a=b; session=${apiKey}` }),
    await ask(`${server.url}/ping?key=${apiKey}`, { 'x-api-key': apiKey }),
    await ask(`${server.url}/ping?key=${apiKey}&key=other`),
    await ask(`${server.url}/ping?key=other`),
    await ask(`${server.url}/ping?key=`),
    await ask(`${server.url}/ping`, { 'x-api-key': `${apiKey}, ${apiKey}` }),
  ];
  assert.deepEqual(
    asked.map(([status]) => status),
    [200, 200, 200, 200, 200, 401, 401, 401, 401],
  );
  const [first] = upstream.calls;
  assert.deepEqual(
    upstream.calls.map(({ messages: [message] }) => Buffer.from(message ?? []).toString('hex')),
    ['', '0a016e', '', '', ''],
  );
  assert.equal(first?.headers['x-tandem-subject'], 'billing');
  assert.equal(first?.headers['x-tandem-scopes'], 'a,b');
  assert.ok(!JSON.stringify(upstream.calls).includes(apiKey));
});

test('forwardCredentials sends on what the gateway takes', async (t) => {
  const { server, upstream } = await startSecure(t, {
    apiKeys: { header: 'x-api-key', keys: [keyOf()] },
    forwardCredentials: true,
  });
  assert.equal((await ask(`${server.url}/ping`, { 'x-api-key': apiKey, authorization: 'Bearer other' }))[0], 200);
  const { headers } = upstream.calls[0] ?? {};
  assert.deepEqual([headers?.['x-api-key'], headers?.['authorization']], [apiKey, 'Bearer other']);
});

test('a call is refused before its body comes', async (t) => {
  const { server } = await startSecure(t, { apiKeys: { header: 'x-api-key', keys: [keyOf()] } });
  const { request } = await import('node:http');
  const statuses = ['/v1/items/7:read', '/vault.Vault/Ping'].map(async (path) => {
    const headers = { 'content-type': 'application/json', 'content-length': 1000, 'connect-protocol-version': '1' };
    const call = request(server.url + path, { method: 'POST', headers });
    call.flushHeaders();
    const [reply] = await once(call, 'response');
    call.destroy();
    return reply.statusCode;
  });
  assert.deepEqual(await Promise.all(statuses), [401, 401]);
});

test('the closest rule decides, of the configuration before the protos', async (t) => {
  const { server } = await startSecure(t, {
    apiKeys: { header: 'x-api-key', keys: [keyOf(['reader'])] },
    access: [
      { methods: ['vault.Vault/*'], roles: ['admin'] },
      { methods: ['GET /v1/items/{name}'], roles: ['reader'] },
      { methods: ['vault.Vault/Ping'], roles: ['admin'] },
      { methods: ['vault.Vault/Ping'], subjects: ['billing'] },
    ],
  });
  const headers = { 'x-api-key': apiKey };
  assert.deepEqual(
    [
      await ask(`${server.url}/v1/items/1`, headers),
      await ask(`${server.url}/v1/items/1:read`, headers, 'POST'),
      await ask(`${server.url}/v1/items`, headers),
      await ask(`${server.url}/v1/items/1`, headers, 'DELETE'),
      await ask(`${server.url}/ping`, headers),
      await ask(`${server.url}/v1/ledger`, headers),
      await ask(`${server.url}/v1/ledger/open`),
    ].map(([status]) => status),
    [200, 200, 403, 403, 200, 403, 200],
  );
});

test('a reload swaps the rules whole, and refuses wrong ones', async (t) => {
  const { server, upstream } = await startSecure(t, { apiKeys: { header: 'x-api-key', keys: [keyOf()] } });
  const options = {
    protos: ['test/protos/security.proto'],
    upstreams: [upstream.target],
    security: { apiKeys: { header: 'x-api-key', keys: [keyOf()] }, access: [{ methods: ['vault.Vault/Pong'] }] },
  };
  await assert.rejects(server.gateway.reload(options), {
    message: /^security\.access\[0\]\.methods\[0\]: vault\.Vault\/Pong names nothing; write vault\.Vault\/GetItem, /,
  });
  assert.equal((await ask(`${server.url}/ping`))[0], 401);
  await server.gateway.reload({ ...options, security: {} });
  assert.equal((await ask(`${server.url}/ping`))[0], 200);
});

test('pages are for those whom security.pages lets in, probes for all', async (t) => {
  const { server } = await startSecure(t, {
    apiKeys: { header: 'x-api-key', keys: [keyOf(['reader'])] },
    pages: { anonymous: false, roles: ['reader'] },
  });
  const paths = ['/docs', '/docs/static/index.html', '/openapi.json', '/openapi.yaml', '/openapi/vault.json'];
  for (const path of paths) {
    assert.equal((await ask(server.url + path))[0], 401, path);
    assert.notEqual((await ask(server.url + path, { 'x-api-key': apiKey }))[0], 401, path);
  }
  for (const path of ['/healthz', '/readyz']) assert.equal((await ask(server.url + path))[0], 200, path);
});

test('gRPC’s own services: health for all, reflection for those who may read the pages, unless a rule names them', async (t) => {
  const apiKeys = { header: 'x-api-key', keys: [keyOf(['reader'])] };
  const pages = { anonymous: false, roles: ['reader'] };
  const { server, upstream } = await startSecure(t, { apiKeys, pages, access: [{ methods: ['*'], roles: ['admin'] }] });
  const [method] = server.gateway.generation.schema.methods.values();
  assert.ok(method);
  const isLetIn = async (service: string, headers = {}): Promise<boolean | undefined> => {
    // The schema has them only where somebody asks for them.
    const { options } = method;
    const own = {
      ...method,
      options,
      service: { ...method.service, options: method.service.options, fullName: service },
    };
    const caller = { request: { target: '/', headers }, client: undefined };
    return (await server.gateway.generation.security?.decide(own, caller))?.isAllowed;
  };
  const health = 'grpc.health.v1.Health';
  const reflection = 'grpc.reflection.v1.ServerReflection';
  const reader = { 'x-api-key': apiKey };
  const asked = () => Promise.all([isLetIn(health), isLetIn(reflection), isLetIn(reflection, reader)]);
  assert.equal(await isLetIn('grpc.channelz.v1.Channelz', reader), false);
  assert.deepEqual(await asked(), [true, false, true]);
  await server.gateway.reload({
    protos: ['test/protos/security.proto'],
    upstreams: [upstream.target],
    security: {
      apiKeys,
      pages,
      access: [{ methods: [`${health}/*`] }, { methods: [`${reflection}/*`], anonymous: true }],
    },
  });
  assert.deepEqual(await asked(), [false, true, true]);
});

test('the OpenAPI document says what each operation wants', async (t) => {
  const { server } = await startSecure(t, {
    basic: { users: [{ name: 'ann', password: await hashPassword('secret') }] },
    apiKeys: { header: 'x-api-key', query: 'key', keys: [keyOf()] },
    mtls: { identities: [{ san: 'DNS:a' }] },
    access: [{ methods: ['vault.*'] }, { methods: ['vault.Vault/Ping'], schemes: ['apiKey'] }],
  });
  const { components, paths } = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
    components: { securitySchemes: object };
    paths: Record<string, Record<string, { security: unknown }>>;
  };
  assert.deepEqual(components.securitySchemes, {
    basic: { type: 'http', scheme: 'basic' },
    'apiKey-header': { type: 'apiKey', in: 'header', name: 'x-api-key' },
    'apiKey-query': { type: 'apiKey', in: 'query', name: 'key' },
    mtls: { type: 'mutualTLS' },
  });
  const all = [{ basic: [] }, { 'apiKey-header': [] }, { 'apiKey-query': [] }, { mtls: [] }];
  assert.deepEqual(
    ['/ping', '/v1/ledger', '/v1/ledger/open'].map((path) => paths[path]?.['get']?.security),
    [all.slice(1, 3), all, [...all, {}]],
  );
});

test('a 401 names the kinds of credentials that the method takes', async (t) => {
  const { server } = await startSecure(t, {
    basic: { users: [{ name: 'ann', password: await hashPassword('secret') }] },
    apiKeys: { header: 'x-api-key', keys: [keyOf()] },
    access: [{ methods: ['*'] }, { methods: ['vault.Vault/Ping'], schemes: ['apiKey'] }],
  });
  assert.deepEqual(await ask(`${server.url}/ping`), [401, 'ApiKey realm="tandem", header="x-api-key"']);
});

test('hooks of the user run behind, and hear who calls', async (t) => {
  const seen: unknown[] = [];
  const { server } = await startSecure(t, { apiKeys: { header: 'x-api-key', keys: [keyOf()] } });
  server.gateway.addHooks({ beforeBind: (rpc) => void seen.push(identityOf(rpc)?.subject) });
  await ask(`${server.url}/ping`);
  await ask(`${server.url}/ping`, { 'x-api-key': apiKey });
  assert.deepEqual(seen, ['billing']);
});

test('google.api.oauth_scopes and visibility, where they are wanted', async (t) => {
  const { server } = await startSecure(
    t,
    {
      apiKeys: { header: 'x-api-key', keys: [keyOf(['INTERNAL'], ['https://acme.example/books'])] },
      oauthScopes: true,
      visibility: true,
    },
    { protos: ['test/protos/security-google.proto'] },
  );
  const asked = ['/books', '/films', '/drafts', '/previews'].map((path) =>
    ask(server.url + path, { 'x-api-key': apiKey }),
  );
  // 501: let in, and the upstream has no such method.
  assert.deepEqual(
    (await Promise.all(asked)).map(([status]) => status),
    [501, 403, 501, 403],
  );
  const access = [{ methods: ['*'], roles: ['reader'] }, { methods: ['shop.Films/ListFilms'] }];
  const apiKeys = { header: 'x-api-key', keys: [keyOf(['reader', 'INTERNAL'])] };
  await server.gateway.reload({
    protos: ['test/protos/security-google.proto'],
    security: { apiKeys, access, oauthScopes: true, visibility: true },
  });
  const again = ['/books', '/films', '/drafts', '/previews'].map((path) =>
    ask(server.url + path, { 'x-api-key': apiKey }),
  );
  assert.deepEqual(
    (await Promise.all(again)).map(([status]) => status),
    [403, 501, 501, 403],
  );
});
