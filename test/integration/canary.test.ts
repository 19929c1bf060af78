/** Secrets in, and everything that the gateway says out: none of them may be in it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { node, tracing } from '@opentelemetry/sdk-node';
import { pino } from 'pino';
import { effectiveOptions } from '../../src/cli/effective-options.ts';
import { digestOf } from '../../src/security/api-keys.ts';
import { hashPassword } from '../../src/security/scrypt-hash.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { createHttp2Transport } from '../../src/upstream/http2-transport.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { audience, issuer, makeKey, rawToken, startIssuer, tokenOf } from './jwks-issuer.ts';
import { sendRaw } from './send-raw.ts';

const spans = new tracing.InMemorySpanExporter();
new node.NodeTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(spans)] }).register();

const secret = (name: string): string => `canary-${name}-5f3a91`;
const password = await hashPassword(secret('right-password'));
const key = await makeKey('k');

/** What each request may say, and must not be heard of again. */
const canaries = {
  rightKey: secret('right-key'),
  wrongKey: secret('wrong-key'),
  queryKey: secret('query-key'),
  cookieKey: secret('cookie-key'),
  otherCookie: secret('other-cookie'),
  rightPassword: secret('right-password'),
  wrongPassword: secret('wrong-password'),
  unknownUser: secret('unknown-user'),
  rightToken: await tokenOf(key),
  wrongToken: rawToken({ alg: 'none' }, { iss: issuer, sub: secret('subject') }, secret('signature')),
  oddToken: secret('no-token-at-all'),
  proxyPassword: secret('proxy-password'),
  otherScheme: secret('other-scheme'),
  subprotocolToken: rawToken({ alg: 'ES256', kid: 'x' }, { iss: issuer }, secret('subprotocol')),
  metadataKey: secret('metadata-key'),
  metadataCookie: secret('metadata-cookie'),
  restToken: secret('rest-token'),
  upstreamCookie: secret('upstream-cookie'),
  keyDigest: digestOf(secret('right-key')),
  passwordHash: password,
} as const;

const basic = (user: string, word: string): string => `Basic ${Buffer.from(`${user}:${word}`).toString('base64')}`;

/** What a client sends: right and wrong credentials of every kind, in every place. */
const requests: readonly { readonly path: string; readonly headers?: Record<string, string> }[] = [
  { path: '/ping', headers: { 'x-api-key': canaries.rightKey } },
  { path: '/ping', headers: { 'x-api-key': canaries.wrongKey } },
  { path: `/ping?key=${canaries.queryKey}` },
  { path: `/nothing?key=${canaries.queryKey}` },
  { path: `/v1/items/%ff?key=${canaries.queryKey}`, headers: { 'x-api-key': canaries.rightKey } },
  { path: `/ping?name=a&name=b&key=${canaries.rightKey}` },
  { path: '/ping', headers: { cookie: `session=${canaries.cookieKey}; other=${canaries.otherCookie}` } },
  { path: '/ping', headers: { authorization: basic('ann', canaries.rightPassword) } },
  { path: '/ping', headers: { authorization: basic('ann', canaries.wrongPassword) } },
  { path: '/ping', headers: { authorization: basic(canaries.unknownUser, canaries.wrongPassword) } },
  { path: '/ping', headers: { authorization: `Bearer ${canaries.rightToken}` } },
  { path: '/ping', headers: { authorization: `Bearer ${canaries.wrongToken}` } },
  { path: '/ping', headers: { authorization: `Bearer ${canaries.oddToken}` } },
  { path: '/ping', headers: { 'proxy-authorization': basic('ann', canaries.proxyPassword) } },
  { path: '/ping', headers: { authorization: `Custom ${canaries.otherScheme}`, 'x-api-key': canaries.rightKey } },
  { path: '/v1/items', headers: { 'x-api-key': canaries.rightKey } },
  { path: '/v1/items/7', headers: { 'x-api-key': canaries.rightKey } },
  { path: '/v1/ledger/open', headers: { 'x-api-key': canaries.rightKey } },
  { path: '/v1/ledger', headers: { 'x-api-key': canaries.wrongKey, accept: 'text/event-stream' } },
  {
    path: `/vault.Vault/GetItem?connect=v1&encoding=json&message=%7B%7D&key=${canaries.queryKey}`,
    headers: { authorization: `Bearer ${canaries.wrongToken}` },
  },
  ...['/healthz', '/readyz', '/openapi.json', '/openapi.yaml', '/docs', '/docs/json', '/compare', '/metrics'].map(
    (path) => ({
      path: `${path}?key=${canaries.queryKey}`,
      headers: { authorization: basic('ann', canaries.rightPassword) },
    }),
  ),
];

/** What `fetch` cannot say: a WebSocket whose token is a subprotocol, and calls by gRPC. */
async function askOtherwise({ url }: RunningServer): Promise<readonly string[]> {
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-protocol': `bearer, ${canaries.subprotocolToken}`,
  };
  const { status, headers, body } = await sendRaw(url, { method: 'GET', target: '/v1/items', headers: upgrade });
  assert.equal(status, 401);
  const transport = createHttp2Transport(parseTarget(url.replace('http://', '')));
  const metadata = [
    [['x-api-key', canaries.metadataKey]],
    [['cookie', `session=${canaries.metadataCookie}`]],
    [['x-api-key', canaries.rightKey]],
  ] as const;
  const failures = metadata.flatMap((each) =>
    ['GetItem', 'ListItems'].map((name) =>
      transport
        .unary({ path: `/vault.Vault/${name}`, metadata: each, deadline: performance.now() + 10_000 }, new Uint8Array())
        .then(JSON.stringify, (error) => `${error.codeName} ${error.message} ${JSON.stringify(error.metadata)}`),
    ),
  );
  const said = [`${status} ${JSON.stringify(headers)} ${body}`, ...(await Promise.all(failures))];
  await transport.close();
  return said;
}

async function startLogged(t: TestContext) {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const keys = await startIssuer(t, key);
  // One method answers, one fails inside, one has no reply that can be read, the others are not there.
  const upstream = await startScriptedUpstream({
    '/vault.Vault/Ping': { messages: [Uint8Array.of(10, 1, 120)] },
    '/vault.Vault/GetItem': {
      code: 13,
      message: 'inside',
      trailers: { 'set-cookie': [`session=${canaries.upstreamCookie}`] },
    },
    '/vault.Vault/ListItems': { messages: [Uint8Array.of(10, 1, 0xff)] },
  });
  t.after(() => upstream.close());
  const rest = await startIssuer(t);
  rest.answer((_request, response) => response.writeHead(500, { 'x-told': 'yes' }).end('boom'));
  const options = {
    protos: ['test/protos/security.proto'],
    upstreams: [{ target: upstream.target, services: ['vault.Vault'] }],
    restUpstreams: [
      { url: rest.url, services: ['vault.Ledger'], headers: [`authorization: Bearer ${canaries.restToken}`] },
    ],
    listen: { port: 0 },
    observability: {
      logLevel: 'trace' as const,
      accessLog: true,
      requestIds: true,
      metrics: true,
      openTelemetry: true,
    },
    security: {
      basic: { users: [{ name: 'ann', password }] },
      apiKeys: {
        header: 'x-api-key',
        query: 'key',
        cookie: 'session',
        keys: [{ name: 'billing', digest: `sha256:${canaries.keyDigest}` }],
      },
      jwt: [{ issuer, audience: [audience], algorithms: ['ES256' as const], jwksUrl: keys.url }],
    },
  };
  const server = await startServer(options, { logger: pino({ level: 'trace' }, stream) });
  t.after(() => server.close());
  return { server, keys, lines, options };
}

test('no secret is said again: logs, metrics, traces, pages, errors, options', async (t) => {
  const { server, keys, lines, options } = await startLogged(t);
  const said: string[] = [];
  const ask = async (): Promise<void> => {
    for (const { path, headers = {} } of requests) {
      const response = await fetch(server.url + path, { headers });
      said.push(
        `${path.split('?')[0]} ${response.status} ${JSON.stringify([...response.headers])}\n${await response.text()}`,
      );
    }
    said.push(...(await askOtherwise(server)));
  };
  await ask();
  // The same with an issuer that has gone, and on another generation.
  keys.answer((_request, response) => response.writeHead(500).end());
  await server.gateway.reload(options);
  await ask();
  said.push(JSON.stringify(effectiveOptions(server.gateway.options)));
  await once(server.app.server.close(), 'close');
  const traces = spans.getFinishedSpans().map(({ name, attributes, status }) => ({ name, attributes, status }));
  assert.ok(traces.length > requests.length);
  const all = { logs: lines.join(''), traces: JSON.stringify(traces), answers: said.join('\n') };
  assert.ok(all.logs.includes('UNAUTHENTICATED') && all.logs.includes('INTERNAL'), 'the log tells of failures');
  for (const text of ['grpc_server_call_duration_seconds', 'boom', 'swagger'])
    assert.ok(all.answers.includes(text), text);
  const heard = Object.entries(canaries).flatMap(([name, value]) =>
    Object.entries(all).flatMap(([place, text]) =>
      [value, encodeURIComponent(value), Buffer.from(value).toString('base64').replace(/=+$/, '')].some((form) =>
        text.includes(form),
      )
        ? [`${name} in ${place}`]
        : [],
    ),
  );
  assert.deepEqual(heard, []);
});
