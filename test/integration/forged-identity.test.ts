/** Nobody is who they say: identity that clients write themselves, or that pages of other sites borrow from a browser. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { hashPassword } from '../../src/security/scrypt-hash.ts';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import { audience, issuer, makeKey, startIssuer, tokenOf } from './jwks-issuer.ts';
import { apiKey, keyOf, startSecure } from './security-fixture.ts';
import { sendRaw } from './send-raw.ts';

test('identity cannot be forged, with or without credentials', async (t) => {
  const { server, upstream } = await startSecure(t, {
    apiKeys: { header: 'x-api-key', keys: [keyOf()] },
    access: [{ methods: ['*'] }, { methods: ['vault.Vault/Ping'], anonymous: true }],
  });
  const forged = {
    'x-tandem-subject': 'root',
    'X-Tandem-Roles': 'admin',
    'x-tandem-scopes': 'all',
    'x-tandem_roles': 'admin',
    'x-tandem-auth-method': 'mtls',
    'x-other': 'kept',
  };
  assert.equal((await fetch(`${server.url}/ping`, { headers: forged })).status, 200);
  assert.equal((await fetch(`${server.url}/v1/items`, { headers: { ...forged, 'x-api-key': apiKey } })).status, 200);
  const seen = upstream.calls.map(({ headers }) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-'))),
  );
  assert.deepEqual(seen, [
    { 'x-other': 'kept' },
    { 'x-other': 'kept', 'x-tandem-subject': 'billing', 'x-tandem-auth-method': 'apiKey' },
  ]);
});

test('two Authorization headers are refused', async (t) => {
  const { server } = await startSecure(t, {
    basic: { users: [{ name: 'ann', password: await hashPassword('secret') }] },
  });
  const authorization = `Basic ${btoa('ann:secret')}`;
  const status = await new Promise((resolve, reject) => {
    const headers = ['Authorization', authorization, 'authorization', authorization, 'Host', 'a'];
    const call = request(`${server.url}/ping`, { headers: headers as never }, (reply) => {
      reply.resume();
      resolve(reply.statusCode);
    });
    call.on('error', reject).end();
  });
  assert.equal(status, 400);
});

test('identity cannot be forged by gRPC either, whatever stands for a dash', async (t) => {
  const { server, upstream } = await startSecure(t, {
    apiKeys: { header: 'x-api-key', keys: [keyOf()] },
    access: [{ methods: ['*'], anonymous: true }],
  });
  const transport = createHttp2Transport(parseTarget(server.url.replace('http://', '')));
  t.after(() => transport.close());
  const names = ['x-tandem-subject', 'x_tandem_subject', 'x.tandem.roles', 'x-tandem_scopes', 'x-tandem.auth.method'];
  const metadata = [...names, 'x.kept'].map((name) => [name, 'root'] as const);
  await transport.unary(
    { path: '/vault.Vault/Ping', metadata, deadline: performance.now() + 10_000 },
    new Uint8Array(),
  );
  const { headers = {} } = upstream.calls[0] ?? {};
  assert.deepEqual(
    Object.keys(headers).filter((name) => headers[name] === 'root'),
    ['x.kept'],
  );
});

/** The answer to a WebSocket that a page of another site asks for, 101 when it is opened. */
async function askFromElsewhere(url: string, headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  const handshake = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  const key = { 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==', origin: 'https://elsewhere.example' };
  const call = request(`${url}/v1/items`, { headers: { ...handshake, ...key, ...headers } }).end();
  const answered = once(call, 'response').then(([reply]) => reply.statusCode);
  const opened = once(call, 'upgrade').then(([, socket]) => socket.destroy() && 101);
  const status = await Promise.race([answered, opened]);
  call.destroy();
  return status;
}

test('a page of another site cannot open a WebSocket with what the browser adds, whatever token it makes up', async (t) => {
  const key = await makeKey('k');
  const keys = await startIssuer(t, key);
  const { server } = await startSecure(t, {
    apiKeys: { cookie: 'session', keys: [keyOf()] },
    jwt: [{ issuer, audience: [audience], algorithms: ['ES256'], jwksUrl: keys.url }],
  });
  const cookie = `session=${apiKey}`;
  const token = await tokenOf(key);
  const asks = [
    [{ cookie }, 403],
    [{ cookie, 'sec-websocket-protocol': 'bearer, garbage' }, 401],
    [{ cookie, 'sec-websocket-protocol': `bearer, ${token}` }, 101],
    [{ 'sec-websocket-protocol': `bearer, ${token}` }, 101],
    [{ cookie, authorization: 'Bearer' }, 403],
  ] as const;
  for (const [headers, status] of asks) {
    assert.equal(await askFromElsewhere(server.url, headers), status, JSON.stringify(headers));
  }
  const { server: cookies } = await startSecure(t, { apiKeys: { cookie: 'session', keys: [keyOf()] } });
  assert.equal(await askFromElsewhere(cookies.url, { cookie, 'sec-websocket-protocol': 'bearer, garbage' }), 403);
  const { server: ruled } = await startSecure(t, {
    apiKeys: { cookie: 'session', keys: [keyOf()] },
    jwt: [{ issuer, audience: [audience], algorithms: ['ES256'], jwksUrl: keys.url }],
    access: [{ methods: ['*'], schemes: ['apiKey'] }],
  });
  assert.equal(await askFromElsewhere(ruled.url, { cookie, 'sec-websocket-protocol': `bearer, ${token}` }), 403);
});

test('a page of another site cannot post with what the browser adds, unless CORS lets it', async (t) => {
  const apiKeys = { header: 'x-api-key', cookie: 'session', keys: [keyOf()] };
  const basic = { users: [{ name: 'ann', password: await hashPassword('secret') }] };
  const cors = { origins: ['https://app.example'], credentials: true };
  const { server } = await startSecure(t, { apiKeys, basic, cors });
  const post = async (headers: Readonly<Record<string, string>>, path = '/v1/items/7:read'): Promise<number> => {
    const { status } = await sendRaw(server.url, { method: 'POST', target: path, body: '{}', headers });
    return status;
  };
  const lent = { cookie: `session=${apiKey}` };
  const elsewhere = { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' };
  const connect = { 'connect-protocol-version': '1' };
  const rows = [
    [{ ...lent, ...elsewhere }, 403],
    [{ authorization: `Basic ${btoa('ann:secret')}`, ...elsewhere }, 403],
    [{ ...lent, 'sec-fetch-site': 'cross-site' }, 403],
    [{ ...lent, 'sec-fetch-site': 'same-origin', origin: 'https://elsewhere.example' }, 200],
    [{ ...lent, 'sec-fetch-site': 'cross-site', origin: 'https://app.example' }, 200],
    [lent, 200],
    // A page that knows the key is meant to have it.
    [{ 'x-api-key': apiKey, ...elsewhere }, 200],
    [{ 'x-api-key': apiKey, ...lent, ...elsewhere }, 200],
  ] as const;
  for (const [headers, status] of rows) assert.equal(await post(headers), status, JSON.stringify(headers));
  assert.equal(await post({ ...lent, ...elsewhere, ...connect }, '/vault.Vault/Ping'), 403);
  const read = await fetch(`${server.url}/ping`, { headers: { ...lent, 'sec-fetch-site': 'cross-site' } });
  assert.equal(read.status, 200);
});
