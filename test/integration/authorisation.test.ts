/**
 * The authorisation matrix: every method, by every rule and protocol, with every kind of credentials, in every spelling. What a request may do
 * depends on the method that it means and on who sends it, and on nothing else.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Generation } from '../../src/gateway/generation.ts';
import type { TandemOptions } from '../../src/gateway/options.ts';
import type { MethodDescriptor } from '../../src/schema/descriptors.ts';
import { digestOf } from '../../src/security/api-keys.ts';
import { hashPassword } from '../../src/security/scrypt-hash.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { type Call, spellings, type Way, ways } from './authorisation-ways.ts';
import { audience, issuer, makeKey, tokenOf } from './jwks-issuer.ts';
import { startTlsTunnel, type TlsTunnel } from './tls-tunnel.ts';

const bearer = async (claims: Record<string, unknown>): Promise<string> => `Bearer ${await tokenOf(key, claims)}`;
const key = await makeKey('k');
const expired = await bearer({ exp: 1 });

const credentials: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  none: {},
  reader: { 'x-api-key': 'reader' },
  admin: { 'x-api-key': 'admin' },
  unknown: { 'x-api-key': 'unknown' },
  keeper: { authorization: `Basic ${btoa('keeper:secret')}` },
  broken: { authorization: 'Basic ???' },
  token: { authorization: await bearer({ roles: ['reader'], scope: 'ledger.read' }) },
  expired: { authorization: expired },
  both: { 'x-api-key': 'admin', authorization: expired },
  // By TLS, with the certificate of that name.
  client: {},
  server: {},
};

/** Those who come with a certificate, and what else than its name they are known by. */
const mtls = {
  identities: [{ san: 'DNS:client', name: 'machine', roles: ['reader'] }, { san: 'DNS:localhos' }, { san: 'DNS:*' }],
};

/** What each may, in the order of `credentials`. */
const expected: Readonly<Record<string, readonly number[]>> = {
  'vault.Vault.GetItem': [401, 200, 200, 401, 403, 401, 200, 401, 401, 200, 401],
  'vault.Vault.ListItems': [401, 401, 401, 401, 401, 401, 200, 401, 401, 401, 401],
  'vault.Vault.DeleteItem': [401, 403, 200, 401, 200, 401, 403, 401, 401, 403, 401],
  'vault.Vault.Ping': [200, 200, 200, 401, 200, 401, 200, 401, 401, 200, 200],
  'vault.Ledger.Read': [401, 403, 200, 401, 403, 401, 200, 401, 401, 403, 401],
  'vault.Ledger.Open': [200, 200, 200, 401, 200, 401, 200, 401, 401, 200, 200],
  // Without a rule, so that it is called by its own name.
  'vault.Ledger.Count': [401, 403, 200, 401, 403, 401, 200, 401, 401, 403, 401],
  // The gateway's own, which none but gRPC clients can call.
  'grpc.health.v1.Health.Check': [200, 200, 200, 401, 200, 401, 200, 401, 401, 200, 200],
  'grpc.reflection.v1.ServerReflection.ServerReflectionInfo': [401, 200, 200, 401, 403, 401, 200, 401, 401, 200, 401],
};

let upstream: ScriptedUpstream;
let server: RunningServer;
/** The same with client certificates, and the way to it with each. */
let tlsServer: RunningServer;
const tunnels = new Map<string, TlsTunnel>();
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tandem-keys-'));
  const jwksFile = join(folder, 'jwks.json');
  writeFileSync(jwksFile, JSON.stringify({ keys: [key.publicJwk] }));
  const item = { messages: [Uint8Array.of(10, 1, 120)] };
  upstream = await startScriptedUpstream(Object.fromEntries(Object.keys(expected).map((name) => [pathOf(name), item])));
  const keyOf = (name: string, roles: string[], scopes: string[]) => ({
    name,
    digest: `sha256:${digestOf(name)}`,
    roles,
    scopes,
  });
  const options = {
    protos: ['test/protos/security.proto'],
    upstreams: [upstream.target],
    listen: { port: 0 },
    transcoding: { methodOverride: true, autoMapping: true },
    security: {
      apiKeys: {
        header: 'x-api-key',
        keys: [keyOf('reader', ['reader'], []), keyOf('admin', ['reader', 'admin'], ['ledger.read'])],
      },
      basic: { users: [{ name: 'keeper', password: await hashPassword('secret'), roles: ['keeper'] }] },
      jwt: [{ issuer, audience: [audience], algorithms: ['ES256'], jwksFile }],
      access: [
        { methods: ['vault.Vault/*'], roles: ['reader'] },
        { methods: ['GET /v1/items'], schemes: ['jwt'] },
        { methods: ['vault.Vault/Ping'], anonymous: true },
      ],
      pages: { anonymous: false, roles: ['reader'] },
    },
  } satisfies TandemOptions;
  server = await startServer(options);
  const file = (name: string): string => `test/fixtures/tls/${name}`;
  const text = (name: string): string => readFileSync(file(name), 'utf8');
  const tls = { cert: file('server.crt'), key: file('server.key'), clientCa: file('ca.crt') };
  tlsServer = await startServer({
    ...options,
    listen: { port: 0, tls },
    security: { ...options.security, mtls },
  });
  for (const name of ['client', 'server']) {
    const shown = { ca: text('ca.crt'), cert: text(`${name}.crt`), key: text(`${name}.key`) };
    tunnels.set(name, await startTlsTunnel(tlsServer.url, shown));
  }
});
after(async () => {
  for (const tunnel of tunnels.values()) tunnel.close();
  await tlsServer?.close();
  await server?.close();
  await upstream.close();
  rmSync(folder, { recursive: true });
});

/** `a.B.C` → `/a.B/C` */
function pathOf(fullName: string): string {
  return fullName.replace(/^(.*)\.(.*)$/, '/$1/$2');
}

/** The method that a request means. Routing decides that, and its own tests hold it. */
async function meant({ method, target, headers }: Call, way: Way): Promise<MethodDescriptor | undefined> {
  try {
    const { gateway } = server;
    if (way.name === 'gRPC') return method === 'POST' ? (await gateway.method(target)).method : undefined;
    const { binding, rpc } =
      way.name === 'WebSocket' && method === 'GET'
        ? gateway.matchWebSocket(target)
        : gateway.match(method, target, headers);
    return rpc === undefined ? binding?.method : rpc.method;
  } catch {
    return undefined;
  }
}

/** A handshake for each request takes long; certificates come in these spellings. */
const certified: ReadonlySet<string> = new Set(
  ['plain', 'query', 'two slashes first', 'encoded slash', 'encoded letter', 'HEAD', 'absolute form'], //
);

interface Tally {
  requests: number;
  meant: number;
}

/** Sends one request; gives what is wrong with its answer, if anything. */
async function judge(call: Call, way: Way, who: number, tally: Tally): Promise<string | undefined> {
  const method = await meant(call, way);
  const before = upstream.calls.length;
  const forged = { 'x-tandem-subject': 'root', 'x-tandem-roles': 'forged' };
  const [name = '', own] = Object.entries(credentials)[who] ?? [];
  const { url } = tunnels.get(name) ?? server;
  const status = await way.statusOf(url, { ...call, headers: { ...call.headers, ...forged, ...own } });
  tally.requests++;
  if (method !== undefined) tally.meant++;
  const due = method === undefined ? undefined : expected[method.fullName]?.[who];
  const isRefused = status === 401 || status === 403;
  const isRight = due === undefined || due === 200 ? !isRefused : status === due;
  const isCalled = upstream.calls.length > before;
  if (isCalled) assertIdentity(upstream.calls.at(-1)?.headers ?? {}, who);
  if (isRight && !(isCalled && due !== 200)) return undefined;
  return `${method?.fullName}: ${status} instead of ${due}${isCalled ? ', and the upstream was called' : ''}`;
}

/** Whose name the upstream hears, by their place above; undefined is nobody's. */
const subjects: Readonly<Record<number, string>> = { 1: 'reader', 2: 'admin', 4: 'keeper', 6: 'ann', 9: 'machine' };

/** The upstream hears who it is, not who the client says, and no credentials. */
function assertIdentity(headers: Readonly<Record<string, unknown>>, who: number): void {
  assert.equal(headers['x-tandem-subject'], subjects[who]);
  assert.notEqual(headers['x-tandem-roles'], 'forged');
  assert.deepEqual([headers['x-api-key'], headers['authorization']], [undefined, undefined]);
}

/** Those of the table above that can be called by a way. */
async function methodsOf({ name: way }: Way, { schema }: Generation): Promise<readonly MethodDescriptor[]> {
  const methods = Object.keys(expected).map(async (name) =>
    way === 'gRPC' ? (await server.gateway.method(pathOf(name))).method : schema.methods.get(name),
  );
  return (await Promise.all(methods)).filter((method) => method !== undefined);
}

for (const way of ways) {
  test(`${way.name}: no decision differs`, async (t) => {
    const { generation } = server.gateway;
    const wrong: string[] = [];
    const tally = { requests: 0, meant: 0 };
    for (const method of await methodsOf(way, generation)) {
      for (const call of way.callsOf(method, generation)) {
        assert.equal(await meant(call, way), method, `${call.method} ${call.target} is no call of ${method.fullName}`);
        for (const [spelling, spell] of Object.entries(spellings)) {
          if (way.unspeakable?.includes(spelling)) continue;
          for (const [who, name] of Object.keys(credentials).entries()) {
            if (tunnels.has(name) && !certified.has(spelling)) continue;
            const fault = await judge(spell(call), way, who, tally);
            if (fault !== undefined) wrong.push(`${call.method} ${call.target}, ${spelling}, ${name}: ${fault}`);
          }
        }
      }
    }
    t.diagnostic(`${tally.requests} requests, of which ${tally.meant} mean a method`);
    assert.deepEqual(wrong, []);
    assert.ok(tally.meant >= tally.requests / 10, `${tally.meant} of ${tally.requests} requests mean a method`);
  });
}
