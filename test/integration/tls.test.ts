/** TLS in front and behind: which certificates are shown and wanted, who a client is by its own, and renewed files. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, type ServerHttp2Session } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { SchemaError } from '../../src/schema/problem.ts';
import { startServer } from '../../src/server/start-server.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { startSecure } from './security-fixture.ts';

const file = (name: string): string => `test/fixtures/tls/${name}`;
const read = (name: string): string => readFileSync(file(name), 'utf8');
const ca = read('ca.crt');
const pair = (name: string) => ({ cert: file(`${name}.crt`), key: file(`${name}.key`) });
const shown = (name: string) => ({ cert: read(`${name}.crt`), key: read(`${name}.key`) });

const mtls = {
  identities: [{ san: 'DNS:client', name: 'billing', roles: ['reader'] }, { san: 'DNS:localhos' }, { san: 'DNS:*' }],
};

interface Reply {
  readonly status: number | undefined;
  /** Why there is no answer. */
  readonly error?: string;
}

function ask(url: string, tls: ConnectionOptions = {}): Promise<Reply> {
  return new Promise((resolve) => {
    const call = request(`${url}/ping`, { ca, agent: false, ...tls }, (reply) => {
      reply.resume();
      reply.on('end', () => resolve({ status: reply.statusCode }));
    });
    call.on('error', (error: NodeJS.ErrnoException) => resolve({ status: undefined, error: error.code ?? '' }));
    call.end();
  });
}

test('a client is who its certificate says, and another name is nobody', async (t) => {
  const listen = { port: 0, tls: { ...pair('server'), clientCa: file('ca.crt') } };
  const { server, upstream } = await startSecure(t, { mtls }, { listen });
  assert.deepEqual(await ask(server.url, shown('client')), { status: 200 });
  assert.deepEqual(await ask(server.url, shown('server')), { status: 401 });
  assert.deepEqual(await ask(server.url, shown('other')), { status: 401 });
  assert.equal((await ask(server.url)).status, undefined);
  const [call] = upstream.calls;
  assert.deepEqual(
    ['subject', 'roles', 'auth-method'].map((name) => call?.headers[`x-tandem-${name}`]),
    ['billing', 'reader', 'mtls'],
  );
});

test('the same over HTTP/2', async (t) => {
  const listen = { port: 0, tls: { ...pair('server'), clientCa: file('ca.crt') } };
  const { server } = await startSecure(t, { mtls }, { listen });
  for (const [name, status] of [
    ['client', 200],
    ['server', 401],
  ] as const) {
    const session = connectHttp2(server.url, { ca, ...shown(name) });
    const stream = session.request({ ':path': '/ping' });
    const [headers] = await once(stream, 'response');
    assert.equal(headers[':status'], status);
    session.destroy();
  }
});

test('optional certificates: without one, or with one that nobody vouches for, a client is anonymous', async (t) => {
  const tls = { ...pair('server'), clientCa: file('ca.crt'), clientCertificates: 'optional' as const };
  const { server } = await startSecure(t, { mtls }, { listen: { port: 0, tls } });
  assert.deepEqual(await ask(server.url, shown('client')), { status: 200 });
  assert.deepEqual(await ask(server.url), { status: 401 });
  // The authority of another house, which signed none of these.
  const strange = { ...tls, clientCa: file('other.crt') };
  const { server: stranger } = await startSecure(t, { mtls }, { listen: { port: 0, tls: strange } });
  assert.deepEqual(await ask(stranger.url, shown('client')), { status: 401 });
});

/** The name in the certificate that the server shows to who asks for `servername`. */
async function nameShown(url: string, options: ConnectionOptions = {}): Promise<string | undefined> {
  const { hostname: host, port } = new URL(url);
  const socket: TLSSocket = connect({ host, port: Number(port), rejectUnauthorized: false, ...options });
  try {
    await once(socket, 'secureConnect');
    return String(socket.getPeerCertificate().subject.CN);
  } finally {
    socket.destroy();
  }
}

test('the certificate is that of the name that the client asks for, or else the first', async (t) => {
  const listen = { port: 0, tls: { ...pair('server'), certificates: [pair('client'), pair('other')] } };
  const { server } = await startSecure(t, {}, { listen });
  assert.equal(await nameShown(server.url), 'localhost');
  assert.equal(await nameShown(server.url, { servername: 'upstream.test' }), 'upstream.test');
  assert.equal(await nameShown(server.url, { servername: 'client' }), 'client');
  assert.equal(await nameShown(server.url, { servername: 'elsewhere.test' }), 'localhost');
});

test('older versions of TLS are refused', async (t) => {
  const { server } = await startSecure(
    t,
    {},
    { listen: { port: 0, tls: { ...pair('server'), minVersion: 'TLSv1.3' } } },
  );
  assert.equal(await nameShown(server.url), 'localhost');
  await assert.rejects(nameShown(server.url, { maxVersion: 'TLSv1.2' }));
});

/** A folder with `name`.crt and .key under the names tls.crt and tls.key. */
function renewable(
  t: TestContext,
  name: string,
): { cert: string; key: string; renew(name: string): void; spoil(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  const renew = (next: string): void => {
    copyFileSync(file(`${next}.crt`), cert);
    copyFileSync(file(`${next}.key`), key);
  };
  renew(name);
  return { cert, key, renew, spoil: () => writeFileSync(cert, 'garbage') };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) assert.fail('it never came to be');
    await pause(20);
  }
}

test('a renewed certificate is shown, a spoilt one is not, and no request fails', async (t) => {
  const { cert, key, renew, spoil } = renewable(t, 'server');
  const upstream = await startScriptedUpstream();
  const logged: string[] = [];
  const { pino } = await import('pino');
  const logger = pino({}, { write: (line: string) => void logged.push(line) });
  const server = await startServer(
    { protos: ['test/protos/security.proto'], upstreams: [upstream.target], listen: { port: 0, tls: { cert, key } } },
    { logger },
  );
  t.after(async () => {
    await server.close();
    await upstream.close();
  });
  const shows = async (name: string): Promise<boolean> => (await nameShown(server.url)) === name;
  assert.ok(await shows('localhost'));
  renew('other');
  await until(() => shows('upstream.test'));
  spoil();
  await until(() => logged.some((line) => line.includes('the old certificates stay')));
  assert.ok(await shows('upstream.test'));
  renew('server');
  await until(() => shows('localhost'));
});

test('an upstream sees a renewed client certificate, and calls go on with a spoilt one', async (t) => {
  const { cert, key, renew, spoil } = renewable(t, 'client');
  const names: unknown[] = [];
  const upstream = await startScriptedUpstream(
    {
      '/vault.Vault/Ping': {
        raw: (stream) => {
          const { socket } = stream.session as ServerHttp2Session;
          names.push((socket as TLSSocket).getPeerCertificate().subject.CN);
          stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end(Buffer.from('00000000030a0178', 'hex'));
        },
      },
    },
    { tls: { ...shown('server'), ca, requestCert: true } },
  );
  const server = await startServer({
    protos: ['test/protos/security.proto'],
    upstreams: [{ target: `https://localhost:${upstream.port}`, tls: { ca: file('ca.crt'), cert, key } }],
    listen: { port: 0 },
  });
  t.after(async () => {
    await server.close();
    await upstream.close();
  });
  const refusals: unknown[] = [];
  server.gateway.onRefusal((error) => refusals.push(error));
  const sees = async (name: string): Promise<boolean> => {
    const response = await fetch(`${server.url}/ping`);
    assert.equal(response.status, 200, await response.text());
    return names.at(-1) === name;
  };
  assert.ok(await sees('client'));
  renew('other');
  await until(() => sees('upstream.test'));
  spoil();
  await until(() => refusals.length > 0);
  assert.ok(refusals[0] instanceof SchemaError);
  assert.ok(await sees('upstream.test'));
});

test('files that are none of the kind are told of by their keys', async () => {
  const start = (tls: object) =>
    startServer({ protos: ['test/protos/security.proto'], listen: { port: 0, tls: tls as never } });
  await assert.rejects(
    start({ ...pair('server'), clientCa: 'nowhere.crt', certificates: [{ cert: 'no.crt', key: 'no.key' }] }),
    {
      message: [
        'listen.tls.clientCa: nowhere.crt: there is no such file',
        'listen.tls.certificates[0].cert: no.crt: there is no such file',
        'listen.tls.certificates[0].key: no.key: there is no such file',
      ].join('\n'),
    },
  );
  await assert.rejects(start({ cert: file('server.crt'), key: file('other.key') }), {
    name: 'SchemaError',
    message: /^listen\.tls: not a certificate with its key, as PEM: /,
  });
  await assert.rejects(start({ ...pair('server'), clientCa: file('README.md') }), {
    message: /^listen\.tls\.clientCa: not a certificate/,
  });
});
