/**
 * Any headers of a request: what goes upstream is metadata that gRPC allows and that the gateway means, and the connection that others share lives on.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../src/security/api-keys.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { sendRaw } from '../integration/send-raw.ts';
import { grpcHeaders } from '../upstreams/faults.ts';
import { frame, type ScriptedUpstream, startScriptedUpstream, statusTrailers } from '../upstreams/scripted-upstream.ts';

const key = 'tdm_correct-horse';
const bystanders = 50;
let upstream: ScriptedUpstream;
let server: RunningServer;
let release: () => void;
let watching: readonly Promise<string>[];

before(async () => {
  const item = Uint8Array.of(10, 1, 120);
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  upstream = await startScriptedUpstream({
    '/vault.Vault/Ping': { messages: [item] },
    '/vault.Vault/ListItems': {
      raw: async (stream) => {
        stream.respond(grpcHeaders, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers(statusTrailers({})));
        stream.write(frame(item));
        await released;
        stream.end(frame(item));
      },
    },
  });
  const keys = [{ name: 'billing', digest: `sha256:${digestOf(key)}` }];
  server = await startServer({
    protos: ['test/protos/security.proto'],
    upstreams: [upstream.target],
    listen: { port: 0 },
    security: {
      apiKeys: { header: 'x-api-key', cookie: 'session', keys },
      access: [{ methods: ['*'], anonymous: true }],
    },
  });
  // Each is open on the connection that all others take.
  const opened = await Promise.all(Array.from({ length: bystanders }, () => fetch(`${server.url}/v1/items`)));
  watching = opened.map((response) => response.text());
});
after(async () => {
  release();
  await server.close();
  await upstream.close();
});

/** HTTP's own, gRPC's own, those that HTTP/2 allows once, those of the gateway, and those that mean something elsewhere. */
const known =
  'connection keep-alive proxy-connection upgrade http2-settings te trailer cookie host expect range if-match if-none-match referer date from dnt \
  max-forwards retry-after proxy-authorization access-control-request-method x-content-type-options upgrade-insecure-requests authorization \
  content-type content-encoding content-language grpc-status grpc-message grpc-encoding grpc-timeout grpc-trace-bin x-tandem-subject \
  x_tandem_roles x-tandem-scopes x-tandem-auth-method x-api-key x-http-method-override x-a x-a-bin x-grpc-status __proto__ constructor \
  x-__proto__ traceparent baggage accept-language last-event-id x-server-timeout'.split(/\s+/);
const token = fc.string({ unit: fc.constantFrom(..."abcxyz019!#$%&'*+-.^_`|~"), minLength: 1, maxLength: 12 });
const name = fc.oneof(
  fc.constantFrom(...known),
  token,
  token.map((text) => `x-${text}`),
  token.map((text) => `${text}-bin`),
);
const bytes = fc.uint8Array({ maxLength: 24 }).map((array) =>
  Buffer.from(array)
    .toString('latin1')
    .replace(/[\0\r\n]/g, ''),
);
const value = fc.oneof(
  bytes,
  fc.constantFrom(
    '',
    ' ',
    '\t',
    'close',
    'keep-alive, x-a',
    'x-tandem-subject',
    'AAAA',
    'A',
    '====',
    'a,b',
    '1S',
    '0',
    'h2c',
    'trailers',
  ),
  fc.constantFrom('x'.repeat(9_000), 'Bearer x', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
);
/** Of one name up to three values, each in a line of its own; a few have a key. */
const pair = fc.tuple(name, fc.array(value, { minLength: 1, maxLength: 3 }));
const credential = fc.constantFrom<[string, string[]]>(['x-api-key', [key]], ['cookie', [`session=${key}`]]);
const headers = fc
  .array(fc.oneof({ arbitrary: pair, weight: 9 }, { arbitrary: credential, weight: 1 }), { maxLength: 8 })
  .map((pairs) => Object.fromEntries(pairs));

/** What the gateway and HTTP/2 say themselves. */
const own =
  /^(?::method|:scheme|:path|:authority|te|content-type|user-agent|grpc-(?:accept-)?encoding|grpc-timeout|x-tandem-(?:subject|auth-method))$/;
const never =
  /^(?:grpc-|:|connection$|keep-alive$|proxy-|upgrade$|http2-settings$|transfer-encoding$|cookie$|host$|trailer$|content-)/;

/** Checks what an upstream was sent for one request. */
function checkMetadata(sent: IncomingHttpHeaders, isKnown: boolean): void {
  for (const [each, text] of Object.entries(sent)) {
    assert.match(String(text), /^[ -~]*$/);
    if (own.test(each)) continue;
    assert.match(each, /^[0-9a-z_.-]+$/);
    assert.doesNotMatch(each, never);
    assert.ok(!String(text).includes(key), `${each} holds a credential`);
    assert.doesNotMatch(each.replaceAll(/[_.]/g, '-'), /^x-tandem-/);
  }
  assert.equal(sent['x-tandem-subject'], isKnown ? 'billing' : undefined);
  assert.equal(sent['x-tandem-auth-method'], isKnown ? 'apiKey' : undefined);
}

const ownStatuses: ReadonlySet<number> = new Set([200, 400, 401, 406, 415, 417, 426, 431, 504]);

test('any headers of a REST call', async () => {
  const property = fc.asyncProperty(headers, async (given) => {
    const before = upstream.calls.length;
    const { status, body, isCut } = await sendRaw(server.url, { method: 'GET', target: '/ping', headers: given });
    assert.ok(ownStatuses.has(status), `${status} ${body}`);
    assert.equal(isCut, false);
    const isKnown = String(given['x-api-key']) === key || JSON.stringify(given['cookie'] ?? '').includes(key);
    for (const call of upstream.calls.slice(before)) checkMetadata(call.headers, isKnown);
    if (status === 200) assert.equal(upstream.calls.length, before + 1);
  });
  await fc.assert(property, { numRuns: 400 });
});

/** What Node's own client writes: none of HTTP/1's headers, and of those that HTTP has once one. */
function writable(given: Readonly<Record<string, readonly string[]>>): Record<string, string | readonly string[]> {
  const http1 = /^(?:connection|keep-alive|proxy-connection|upgrade|http2-settings|transfer-encoding|te|host)$/;
  const entries = Object.entries(given).filter(([each]) => !http1.test(each));
  return Object.fromEntries(
    entries.map(([each, values]) => [each, /^x|-bin$/.test(each) ? values : (values[0] ?? '')]),
  );
}

test('any metadata of a gRPC call', async () => {
  let session = connect(server.url).on('error', () => {});
  let answered = 0;
  const property = fc.asyncProperty(headers, async (given) => {
    // Node leaves a connection after a thousand frames that are none.
    if (session.destroyed) session = connect(server.url).on('error', () => {});
    const before = upstream.calls.length;
    const head = {
      ':method': 'POST',
      ':path': '/vault.Vault/Ping',
      te: 'trailers',
      'content-type': 'application/grpc',
    };
    let code: unknown;
    try {
      const stream = session.request({ ...writable(given), ...head });
      for (const event of ['response', 'trailers']) stream.on(event, (block) => (code ??= block['grpc-status']));
      stream.resume().end(frame(new Uint8Array()));
      await once(stream, 'close');
    } catch {
      // A stream that Node has reset: nobody was called.
      code = undefined;
    }
    assert.ok(['0', '3', '4', '8', '16', '12', undefined].includes(code as string), `grpc-status ${code}`);
    if (code !== undefined) answered++;
    for (const call of upstream.calls.slice(before)) {
      const isKnown = call.headers['x-tandem-subject'] === 'billing';
      assert.ok(!isKnown || JSON.stringify(given).includes(key));
      checkMetadata(call.headers, isKnown);
    }
  });
  await fc.assert(property, { numRuns: 400 });
  session.close();
  assert.ok(answered > 100, `${answered} calls were answered`);
});

for (const [count, status] of [
  [60, 200],
  [70, 431],
  [2_000, 431],
] as const) {
  test(`${count} headers are answered with ${status}`, async () => {
    const many = Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-h${index}`, '1']));
    const reply = await sendRaw(server.url, { method: 'GET', target: '/ping', headers: many });
    assert.equal(reply.status, status);
  });
}

test('those who share the connection have noticed nothing', async () => {
  assert.equal(upstream.sessions.size, 1);
  release();
  const texts = await Promise.all(watching);
  assert.deepEqual(new Set(texts), new Set(['[{"name":"x"},\n{"name":"x"}]']));
  assert.equal(texts.length, bystanders);
});
