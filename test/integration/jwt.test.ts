/** JSON Web Tokens: the right ones get in, of the bad ones none; and the keys that verify them, whatever their issuer does. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { exportSPKI, importJWK } from 'jose';
import { createJwt } from '../../src/security/jwt.ts';
import { fetchKeys, KeySource } from '../../src/security/key-source.ts';
import { StatusError } from '../../src/status/status-error.ts';
import { audience, issuer, makeKey, rawToken, type SigningKey, startIssuer, tokenOf } from './jwks-issuer.ts';
import { startSecure } from './security-fixture.ts';

const [ec, rsa, pss, ed, stranger] = await Promise.all([
  makeKey('ec'),
  makeKey('rsa', 'RS256'),
  makeKey('pss', 'PS256'),
  makeKey('ed', 'EdDSA'),
  makeKey('ec'),
]);
const algorithms = ['ES256', 'RS256', 'EdDSA'] as const;
const now = Math.floor(Date.now() / 1000);

async function statusOf(url: string, ...authorization: readonly string[]): Promise<number> {
  const response = await fetch(`${url}/ping`, { headers: authorization.map((value) => ['authorization', value]) });
  await response.arrayBuffer();
  return response.status;
}

test('right tokens, and what the upstream hears of them', async (t) => {
  const keys = await startIssuer(t, ec, rsa, ed);
  const { server, upstream } = await startSecure(t, {
    jwt: [
      {
        issuer,
        audience: [audience, 'other'],
        algorithms,
        jwksUrl: keys.url,
        claims: { roles: 'realm.roles', scopes: 'https://acme.example/scopes' },
      },
    ],
  });
  const claims = { realm: { roles: ['a', 'b'] }, 'https://acme.example/scopes': 'x y', sub: 'änn' };
  const right = [
    await tokenOf(ec, claims),
    await tokenOf(rsa, { aud: ['z', 'other'] }),
    await tokenOf(ed, { exp: now - 30 }),
    await tokenOf(ec, { nbf: now + 30 }),
  ];
  for (const token of right) assert.equal(await statusOf(server.url, `bearer  ${token}`), 200);
  assert.equal(keys.fetches, 1);
  const [first, second] = upstream.calls.map(({ headers }) => headers);
  assert.deepEqual(
    ['subject', 'roles', 'scopes', 'auth-method'].map((name) => first?.[`x-tandem-${name}`]),
    ['%C3%A4nn', 'a,b', 'x,y', 'jwt'],
  );
  assert.deepEqual([second?.['x-tandem-subject'], second?.['x-tandem-roles']], ['ann', undefined]);
  assert.ok(upstream.calls.every(({ headers }) => headers['authorization'] === undefined));
});

/** Signed with HMAC, under a key that an attacker can know. */
function hmacToken(secret: string | Uint8Array, header: object = {}): string {
  const head = Buffer.from(JSON.stringify({ alg: 'HS256', kid: 'ec', ...header })).toString('base64url');
  const body = Buffer.from(JSON.stringify({ iss: issuer, aud: audience, sub: 'ann', exp: now + 600 })).toString(
    'base64url',
  );
  return `${head}.${body}.${createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url')}`;
}

const flip = (token: string, part: number): string =>
  token
    .split('.')
    .map((text, index) => (index === part ? text.slice(0, 9) + (text[9] === 'A' ? 'B' : 'A') + text.slice(10) : text))
    .join('.');

/** Sixty and more that must not get in. */
async function badAuthorizations(url: string): Promise<Readonly<Record<string, string>>> {
  const good = await tokenOf(ec);
  const [head = '', body = '', signature = ''] = good.split('.');
  const payload = { iss: issuer, aud: audience, sub: 'ann', exp: now + 600 };
  const pem = await exportSPKI((await importJWK({ ...rsa.publicJwk }, 'RS256', { extractable: true })) as never);
  const bearer: Record<string, string | Promise<string>> = {
    'alg none': rawToken({ alg: 'none' }, payload),
    'alg None': rawToken({ alg: 'None', kid: 'ec' }, payload),
    'alg NONE with a signature': rawToken({ alg: 'NONE', kid: 'ec' }, payload, signature),
    'alg missing': rawToken({ kid: 'ec' }, payload, signature),
    'alg empty': rawToken({ alg: '', kid: 'ec' }, payload, signature),
    'alg a list': rawToken({ alg: ['ES256'], kid: 'ec' }, payload, signature),
    'alg null': rawToken({ alg: null, kid: 'ec' }, payload, signature),
    'alg in lower case': rawToken({ alg: 'es256', kid: 'ec' }, payload, signature),
    'HS256 with the public key as JWK': hmacToken(JSON.stringify(ec.publicJwk)),
    'HS256 with the public key as PEM': hmacToken(pem, { kid: 'rsa' }),
    'HS256 with the PEM without its last line end': hmacToken(pem.trim(), { kid: 'rsa' }),
    'HS256 with an empty secret': hmacToken(''),
    'HS256 with "secret"': hmacToken('secret'),
    'HS256 with zeros': hmacToken(new Uint8Array(32)),
    'HS256 with the kid': hmacToken('ec'),
    'HS512 by name': rawToken({ alg: 'HS512', kid: 'ec' }, payload, signature),
    'an algorithm that is not configured': tokenOf(pss),
    'an algorithm that is not the key’s': rawToken({ alg: 'RS256', kid: 'ec' }, payload, signature),
    'another key under a known kid': tokenOf(stranger),
    'another key under an unknown kid': tokenOf({ ...stranger, kid: 'new' }),
    'another key without a kid': tokenOf(stranger, {}, { kid: undefined }),
    'another key, brought along as jwk': tokenOf(stranger, {}, { jwk: stranger.publicJwk, kid: undefined }),
    'another key, by jku': tokenOf(stranger, {}, { jku: url }),
    'another key, by jku and kid': tokenOf({ ...stranger, kid: 'new' }, {}, { jku: 'http://169.254.169.254/keys' }),
    'another key, by x5u': tokenOf(stranger, {}, { x5u: url }),
    'another key, by x5c': tokenOf(stranger, {}, { x5c: ['MIIB'] }),
    'a kid that is a path': tokenOf({ ...stranger, kid: '../../../../dev/null' }),
    'a kid that is SQL': tokenOf({ ...stranger, kid: "' OR 1=1 --" }),
    'a kid that is __proto__': tokenOf({ ...stranger, kid: '__proto__' }),
    'a kid that is no text': rawToken({ alg: 'ES256', kid: { a: 1 } }, payload, signature),
    'a signature that is empty': `${head}.${body}.`,
    'a signature that is cut off': good.slice(0, -4),
    'a signature of zeros (CVE-2022-21449)': `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`,
    'a signature as DER': `${head}.${body}.MEUCIQDxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`,
    'a changed signature': flip(good, 2),
    'a changed payload': flip(good, 1),
    'a changed header': flip(good, 0),
    'another payload': `${head}.${Buffer.from(JSON.stringify({ ...payload, sub: 'root' })).toString('base64url')}.${signature}`,
    'the wrong issuer': tokenOf(ec, { iss: 'https://evil.example' }),
    'the issuer with a slash': tokenOf(ec, { iss: `${issuer}/` }),
    'the issuer in capitals': tokenOf(ec, { iss: issuer.toUpperCase() }),
    'no issuer': tokenOf(ec, { iss: undefined }),
    'a list of issuers': tokenOf(ec, { iss: [issuer] }),
    'the wrong audience': tokenOf(ec, { aud: 'other' }),
    'no audience': tokenOf(ec, { aud: undefined }),
    'an empty list of audiences': tokenOf(ec, { aud: [] }),
    'an audience that begins alike': tokenOf(ec, { aud: `${audience}2` }),
    'an audience in a mapping': tokenOf(ec, { aud: { [audience]: true } }),
    expired: tokenOf(ec, { exp: now - 61 }),
    'expired long ago': tokenOf(ec, { exp: 1 }),
    'no expiry': tokenOf(ec, { exp: undefined }),
    'an expiry that is a text': tokenOf(ec, { exp: `${now + 600}` }),
    'an expiry that is null': rawToken({ alg: 'ES256', kid: 'ec' }, { ...payload, exp: null }, signature),
    'not yet valid': tokenOf(ec, { nbf: now + 120 }),
    'not before a text': tokenOf(ec, { nbf: '0' }),
    'no subject': tokenOf(ec, { sub: undefined }),
    'an empty subject': tokenOf(ec, { sub: '' }),
    'a subject that is a number': tokenOf(ec, { sub: 7 }),
    'an unknown critical header': rawToken({ alg: 'ES256', kid: 'ec', crit: ['x'], x: 1 }, payload, signature),
    'an unencoded payload': rawToken({ alg: 'ES256', kid: 'ec', b64: false, crit: ['b64'] }, payload, signature),
    'four parts': `${good}.x`,
    'five parts, as of an encrypted one': `${head}..x.y.z`,
    'two parts': `${head}.${body}`,
    'one part': head,
    'nothing but dots': '..',
    'padding in the parts': `${head}=.${body}.${signature}`,
    'a payload that is a list': rawToken({ alg: 'ES256', kid: 'ec' }, [payload], signature),
    'a header that is a text': rawToken('ES256', payload, signature),
    'two tokens with a comma': `${good}, ${good}`,
    'two tokens with a space': `${good} ${good}`,
    'a token in quotes': `"${good}"`,
    empty: '',
  };
  const named = await Promise.all(
    Object.entries(bearer).map(async ([name, token]) => [name, `Bearer ${await token}`] as const),
  );
  return { ...Object.fromEntries(named), 'another scheme': `Token ${good}`, 'no scheme': good, Basic: `Basic ${good}` };
}

test('bad tokens: none gets in, none reaches the upstream, none costs more than one fetch', async (t) => {
  const keys = await startIssuer(t, ec, rsa, pss, ed);
  const { server, upstream } = await startSecure(t, {
    jwt: [{ issuer, audience: [audience], algorithms, jwksUrl: keys.url }],
  });
  const bad = await badAuthorizations(keys.url);
  assert.ok(Object.keys(bad).length >= 60);
  const got = new Map<string, number>();
  for (const [name, authorization] of Object.entries(bad)) got.set(name, await statusOf(server.url, authorization));
  // Over Node's limit of a header block.
  const long = await tokenOf(ec, { padding: 'x'.repeat(65_536) });
  assert.equal(await statusOf(server.url, `Bearer ${long}`), 431);
  assert.deepEqual(
    [...got].filter(([, status]) => status !== 401),
    [],
  );
  assert.deepEqual([upstream.calls.length, keys.fetches], [0, 1]);
  assert.equal(await statusOf(server.url, `Bearer ${await tokenOf(ec)}`), 200);
});

interface Verifier {
  /** Moves the clock of keys; tokens stay as they are. */
  pass(milliseconds: number): void;
  /** Moves the clock of tokens as well. */
  age(milliseconds: number): void;
  /** `ok`, `UNAUTHENTICATED` or `UNAVAILABLE`. */
  verify(token: string): Promise<string>;
}

/** A verifier with a clock of its own, on the keys of `url`. */
function verifierOf(url: string): Verifier {
  let elapsed = 0;
  let aged = 0;
  const clock = { elapsed: () => elapsed, wall: () => now * 1000 + aged };
  const keys = new KeySource(() => fetchKeys(url), clock.elapsed);
  const claims = { subject: 'sub', roles: 'roles', scopes: 'scope' };
  const options = { issuer, audience: [audience], algorithms, jwksUrl: url, jwksFile: undefined, claims, keys };
  const { identify } = createJwt([options], 'tandem', clock);
  return {
    pass: (milliseconds) => {
      elapsed += milliseconds;
    },
    age: (milliseconds) => {
      elapsed += milliseconds;
      aged += milliseconds;
    },
    verify: async (token) => {
      const request = { target: '/', headers: { authorization: `Bearer ${token}` } };
      try {
        return (await identify({ request, client: undefined })) === undefined ? 'none' : 'ok';
      } catch (error) {
        assert.ok(error instanceof StatusError);
        return error.codeName;
      }
    },
  };
}

async function startKeys(t: TestContext, ...first: readonly SigningKey[]) {
  const keys = await startIssuer(t, ...first);
  return { keys, ...verifierOf(keys.url) };
}

test('ten thousand unknown kids: one fetch in 30 seconds', async (t) => {
  const { keys, pass, verify } = await startKeys(t, ec);
  const good = await tokenOf(ec);
  assert.equal(await verify(good), 'ok');
  const [, body = '', signature = ''] = good.split('.');
  for (const _ of [1, 2]) {
    for (let kid = 0; kid < 5_000; kid++) {
      const head = Buffer.from(JSON.stringify({ alg: 'ES256', kid: `k${kid}` })).toString('base64url');
      assert.equal(await verify(`${head}.${body}.${signature}`), 'UNAUTHENTICATED');
    }
    pass(30_000);
  }
  assert.equal(await verify(good), 'ok');
  assert.equal(keys.fetches, 2);
});

test('a new key is found once the cool-down has passed, and a withdrawn one stops', async (t) => {
  const { keys, pass, verify } = await startKeys(t, ec);
  const first = await tokenOf(ec);
  assert.equal(await verify(first), 'ok');
  keys.publish(rsa);
  assert.equal(await verify(await tokenOf(rsa)), 'UNAUTHENTICATED');
  pass(30_000);
  assert.equal(await verify(await tokenOf(rsa)), 'ok');
  assert.equal(await verify(await tokenOf(ec)), 'UNAUTHENTICATED');
  // A token that was right is for a minute.
  assert.equal(await verify(first), 'ok');
  pass(30_000);
  assert.equal(await verify(first), 'UNAUTHENTICATED');
});

test('a token that is remembered ends when it expires', async (t) => {
  const { age, verify } = await startKeys(t, ec);
  const token = await tokenOf(ec, { exp: now - 50 });
  assert.equal(await verify(token), 'ok');
  age(9_999);
  assert.equal(await verify(token), 'ok');
  age(1);
  assert.equal(await verify(token), 'UNAUTHENTICATED');
});

test('an issuer that is down: known keys serve for a day, without any 503', async (t) => {
  const { keys, pass, verify } = await startKeys(t, ec);
  const token = await tokenOf(ec);
  keys.answer((_request, response) => response.writeHead(500).end());
  for (let attempt = 0; attempt < 50; attempt++) assert.equal(await verify(token), 'UNAVAILABLE');
  assert.equal(keys.fetches, 1);
  keys.answer(undefined);
  pass(30_000);
  assert.equal(await verify(token), 'ok');
  keys.answer((_request, response) => response.destroy());
  pass(86_000_000);
  assert.equal(await verify(token), 'ok');
  pass(500_000);
  assert.equal(await verify(token), 'UNAVAILABLE');
  keys.answer(undefined);
  pass(30_000);
  assert.equal(await verify(token), 'ok');
});

for (const [name, listener] of Object.entries({
  'a redirect': (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  'no JSON': (_request, response) => response.end('<html>'),
  'no key set': (_request, response) => response.end('{"keys": 7}'),
  'endless text': (_request, response) => response.end(`{"keys": [], "x": "${'x'.repeat(2 ** 20)}"}`),
} satisfies Record<string, import('node:http').RequestListener>)) {
  test(`an issuer that answers ${name}`, async (t) => {
    const { keys, pass, verify } = await startKeys(t, ec);
    keys.answer(listener);
    const token = await tokenOf(ec);
    assert.equal(await verify(token), 'UNAVAILABLE');
    keys.answer(undefined);
    pass(30_000);
    assert.equal(await verify(token), 'ok');
  });
}

test('an issuer that is slow holds nobody up who has a known key', async (t) => {
  const { keys, pass, verify } = await startKeys(t, ec);
  const token = await tokenOf(ec);
  assert.equal(await verify(token), 'ok');
  keys.answer(() => {});
  pass(600_001);
  assert.equal(await verify(token), 'ok');
});
