/**
 * Upstreams with several addresses, over both transports: who is called, and what happens when one dies, hangs, moves or returns.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcCode } from '../../src/status/code.ts';
import { createUpstream, type Upstream, type UpstreamConfig } from '../../src/upstream/create-upstream.ts';
import { parseTargets } from '../../src/upstream/target.ts';
import type { CallOptions, UnaryReply } from '../../src/upstream/transport.ts';
import { FakeClock } from '../unit/upstream/balancing/fake-clock.ts';
import { grpcHeaders, raw, silence } from '../upstreams/faults.ts';
import {
  frame,
  messagesOf,
  type Script,
  type ScriptedUpstream,
  type ScriptedUpstreamOptions,
  startScriptedUpstream,
} from '../upstreams/scripted-upstream.ts';

const notLinux = process.platform !== 'linux' && 'there 127.0.0.2 is no address of the loopback';
const path = '/test.Test/Echo';
const message = new TextEncoder().encode('hello');
const echo: Script = ({ messages }) => ({ messages });
const reconnect = { minMs: 5, maxMs: 20 };
const retry = {
  policy: {
    maxAttempts: 3,
    initialBackoffMs: 5,
    maxBackoffMs: 20,
    backoffMultiplier: 2,
    retryableStatusCodes: new Set([GrpcCode.UNAVAILABLE]),
  },
  throttling: { maxTokens: 100, tokenRatio: 1 },
};

const outliers = { intervalMs: 10_000, baseEjectionTimeMs: 30_000, maxEjectionTimeMs: 300_000 };

async function startServer(t: TestContext, options: ScriptedUpstreamOptions = {}): Promise<ScriptedUpstream> {
  const server = await startScriptedUpstream({ [path]: echo }, options);
  t.after(() => server.close().catch(() => {}));
  return server;
}

async function startUpstream(t: TestContext, target: string, config: Partial<UpstreamConfig>): Promise<Upstream> {
  const upstream = await createUpstream({ target: parseTargets(target), reconnect, retry, ...config });
  t.after(() => upstream.transport.close(AbortSignal.abort()));
  return upstream;
}

function call({ transport }: Upstream, options: Partial<CallOptions> = {}): Promise<UnaryReply> {
  const deadline = performance.now() + 5000;
  return transport.unary({ path, metadata: [], deadline, isIdempotent: true, ...options }, message);
}

async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + 5000; !isSo(); await sleep(2)) {
    assert.ok(performance.now() < end, `in vain: ${isSo}`);
  }
}

const allReady = ({ status }: Upstream): boolean => status.addresses.every(({ state }) => state === 'ready');
const statesOf = ({ status }: Upstream): unknown => status.addresses.map(({ state }) => state);
const countsOf = (servers: readonly ScriptedUpstream[]): number[] => servers.map(({ calls }) => calls.length);

/** Calls with 8 workers until told to stop; gives how many there were. Each must succeed. */
function load(upstream: Upstream): () => Promise<number> {
  let isDone = false;
  let calls = 0;
  const worker = async (): Promise<void> => {
    for (; !isDone; calls++) await call(upstream);
  };
  const workers = Promise.all(Array.from({ length: 8 }, worker));
  workers.catch(() => {});
  return async () => {
    isDone = true;
    await workers;
    return calls;
  };
}

const healthPath = '/grpc.health.v1.Health/Watch';

interface ScriptedHealth {
  /** Names that were asked for. */
  readonly asked: string[];
  /** Tells this status, grpc.health.v1.HealthCheckResponse.ServingStatus, to those who watch and will. */
  say(status: number): void;
}

function scriptHealth(server: ScriptedUpstream): ScriptedHealth {
  const asked: string[] = [];
  const watchers = new Set<ServerHttp2Stream>();
  let status: number | undefined;
  const tell = (stream: ServerHttp2Stream): void => {
    if (status !== undefined && !stream.destroyed) stream.write(frame(Uint8Array.of(8, status)));
  };
  const watch = raw(async (stream) => {
    for await (const message of messagesOf(stream)) asked.push(Buffer.from(message.subarray(2)).toString());
    stream.respond(grpcHeaders);
    watchers.add(stream);
    tell(stream);
  });
  server.script(healthPath, watch);
  return {
    asked,
    say(next) {
      status = next;
      for (const stream of watchers) tell(stream);
    },
  };
}

test('a name that the system knows without DNS', { timeout: 20_000 }, async (t) => {
  const server = await startServer(t);
  const upstream = await startUpstream(t, `dns:///localhost:${server.port}`, {});
  await call(upstream);
  assert.ok(upstream.status.addresses.some(({ address, state }) => address === server.target && state === 'ready'));
});

for (const transport of ['http2', 'grpc-js'] as const) {
  describe(transport, { timeout: 60_000 }, () => {
    async function start(t: TestContext, count: number, config: Partial<UpstreamConfig> = {}) {
      const servers = await Promise.all(Array.from({ length: count }, () => startServer(t)));
      const target = servers.map((server) => server.target).join(',');
      const upstream = await startUpstream(t, target, { transport, ...config });
      await upstream.transport.ready(AbortSignal.timeout(5000));
      return { servers, upstream };
    }
    const roundRobin = { balancing: { policy: 'round_robin' } } as const;

    test('round_robin calls each in turn', async (t) => {
      const { servers, upstream } = await start(t, 3, roundRobin);
      await until(() => allReady(upstream));
      for (let calls = 0; calls < 30; calls++) await call(upstream);
      assert.deepEqual(countsOf(servers), [10, 10, 10]);
    });

    test('least_request leaves alone who is busy', async (t) => {
      const { servers, upstream } = await start(t, 2, { balancing: { policy: 'least_request', choiceCount: 10 } });
      await until(() => allReady(upstream));
      const [busy, idle] = servers as [ScriptedUpstream, ScriptedUpstream];
      busy.script(path, silence);
      const leaving = new AbortController();
      const hanging: Promise<unknown>[] = [];
      const isBusy = (): boolean => (upstream.status.addresses[0]?.inFlight ?? 0) > 0;
      for (let calls = 0; calls < 20 && !isBusy(); calls++) {
        hanging.push(call(upstream, { signal: leaving.signal }).catch(() => {}));
        await sleep(5);
      }
      const before = idle.calls.length;
      for (let calls = 0; calls < 20; calls++) await call(upstream);
      assert.equal(idle.calls.length, before + 20);
      leaving.abort();
      await Promise.all(hanging);
      assert.equal(upstream.status.inFlight, 0);
    });

    test('pick_first connects to the first alone, and to the next when it dies', async (t) => {
      const { servers, upstream } = await start(t, 3);
      for (let calls = 0; calls < 5; calls++) await call(upstream);
      assert.deepEqual(countsOf(servers), [5, 0, 0]);
      assert.deepEqual(statesOf(upstream), ['ready', 'idle', 'idle']);
      await servers[0]?.close();
      for (let calls = 0; calls < 5; calls++) await call(upstream);
      assert.deepEqual(countsOf(servers), [5, 5, 0]);
      await until(() => String(statesOf(upstream)) === 'idle,ready,idle');
    });

    test('pick_first does not wait long for an address that says nothing', async (t) => {
      const sockets = new Set<Socket>();
      const silent = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      t.after(() => {
        silent.close();
        for (const socket of sockets) socket.destroy();
      });
      const server = await startServer(t);
      const target = `127.0.0.1:${(silent.address() as AddressInfo).port},${server.target}`;
      const upstream = await startUpstream(t, target, { transport });
      await call(upstream);
      await until(() => String(statesOf(upstream)) === 'idle,ready');
    });

    test('one that hangs is left alone after so many deadlines', async (t) => {
      const outlierDetection = { ...outliers, consecutiveFailures: 2, maxEjectionPercent: 10 };
      const { servers, upstream } = await start(t, 3, { ...roundRobin, outlierDetection });
      await until(() => allReady(upstream));
      servers[1]?.script(path, silence);
      const brief = (): Promise<unknown> => call(upstream, { deadline: performance.now() + 500 });
      const settled = await Promise.allSettled(Array.from({ length: 6 }, brief));
      assert.equal(settled.filter(({ status }) => status === 'rejected').length, 2);
      for (let calls = 0; calls < 12; calls++) await brief();
      assert.deepEqual(
        upstream.status.addresses.map(({ isEjected }) => isEjected),
        [false, true, false],
      );
    });

    test('one of three dies under load and returns: no call fails that may be tried again', async (t) => {
      const { servers, upstream } = await start(t, 3, roundRobin);
      await until(() => allReady(upstream));
      const stop = load(upstream);
      await sleep(50);
      const [dying] = servers as [ScriptedUpstream];
      await dying.close();
      await until(() => upstream.status.addresses[0]?.state === 'failing');
      const second = await startScriptedUpstream({ [path]: echo }, { port: dying.port });
      t.after(() => second.close());
      await until(() => second.calls.length > 10);
      assert.ok((await stop()) > 30);
      assert.ok((upstream.status.addresses[0]?.connectFailures ?? 0) > 0);
    });

    test('GOAWAY of all of them again and again', async (t) => {
      const { servers, upstream } = await start(t, 3, roundRobin);
      const stop = load(upstream);
      for (let round = 0; round < 10; round++) {
        await sleep(20);
        for (const { sessions } of servers) for (const session of sessions) session.close();
      }
      assert.ok((await stop()) > 30);
    });

    test('none is there: calls fail at once and say why; the first that returns is called', async (t) => {
      const { servers, upstream } = await start(t, 2, {
        ...roundRobin,
        retry: { ...retry, policy: { ...retry.policy, maxAttempts: 1 } },
      });
      for (const server of servers) await server.close();
      await until(() => upstream.status.state === 'failing');
      const begun = performance.now();
      await assert.rejects(call(upstream), { code: GrpcCode.UNAVAILABLE, message: /is unreachable: .*ECONNREFUSED/ });
      assert.ok(performance.now() - begun < 1000);
      const [, second] = servers as [ScriptedUpstream, ScriptedUpstream];
      const back = await startScriptedUpstream({ [path]: echo }, { port: second.port });
      t.after(() => back.close());
      await until(() => upstream.status.state === 'ready');
      await call(upstream);
      assert.equal(back.calls.length, 1);
    });

    test('an address that DNS has no more: its calls end, new ones go elsewhere', { skip: notLinux }, async (t) => {
      const old = await startServer(t);
      const next = await startServer(t, { host: '127.0.0.2', port: old.port });
      let ips = ['127.0.0.1'];
      const lookUp = async (): Promise<readonly string[]> => ips;
      const balancing = { lookUp, dnsRefreshMs: 50 };
      const upstream = await startUpstream(t, `dns:///api:${old.port}`, { transport, balancing });
      await call(upstream);
      assert.deepEqual(old.calls[0]?.headers[':authority'], `api:${old.port}`);
      let finish = (): void => {};
      old.script(path, ({ messages }) => new Promise((resolve) => (finish = () => resolve({ messages }))));
      const late = call(upstream);
      await until(() => old.calls.length === 2);
      ips = ['127.0.0.2'];
      await until(() => upstream.status.addresses[0]?.address === next.target);
      await call(upstream);
      assert.equal(next.calls.length, 1);
      finish();
      await late;
      await until(() => old.sessions.size === 0);
    });

    test('calls wait for DNS, until their deadline or their end', async (t) => {
      const server = await startServer(t);
      let answer = (_ips: readonly string[]): void => {};
      const lookUp = (): Promise<readonly string[]> => new Promise((resolve) => (answer = resolve));
      const upstream = await startUpstream(t, `dns:///api:${server.port}`, { transport, balancing: { lookUp } });
      const leaving = new AbortController();
      const left = call(upstream, { signal: leaving.signal });
      const late = call(upstream, { deadline: performance.now() + 20 });
      const served = call(upstream);
      assert.equal(upstream.status.pending, 3);
      leaving.abort();
      await assert.rejects(left, { code: GrpcCode.CANCELLED });
      await assert.rejects(late, { code: GrpcCode.DEADLINE_EXCEEDED });
      answer(['127.0.0.1']);
      await served;
      assert.deepEqual([upstream.status.pending, server.calls.length], [0, 1]);
    });

    test('a name that nobody knows', async (t) => {
      const lookUp = (): Promise<readonly string[]> => Promise.reject(new Error('ENOTFOUND'));
      const upstream = await startUpstream(t, 'dns:///nowhere:1', { transport, balancing: { lookUp } });
      const message = 'upstream dns:///nowhere:1 is unreachable: its name has no address';
      await assert.rejects(call(upstream), { code: GrpcCode.UNAVAILABLE, message });
      assert.equal(upstream.status.state, 'failing');
    });

    test('the certificate is checked for the name, not for its address', async (t) => {
      const tlsFile = (name: string): string => readFileSync(`test/fixtures/tls/${name}`, 'utf8');
      const server = await startServer(t, { tls: { key: tlsFile('server.key'), cert: tlsFile('server.crt') } });
      const config = { transport, tls: { ca: tlsFile('ca.crt') }, balancing: { lookUp: async () => ['127.0.0.1'] } };
      await call(await startUpstream(t, `dns:///localhost:${server.port}`, config));
      const other = await startUpstream(t, `dns:///elsewhere:${server.port}`, config);
      await assert.rejects(call(other), { code: GrpcCode.UNAVAILABLE });
    });

    test('an address that fails is left alone for a while, the only ones that serve are not', async (t) => {
      const clock = new FakeClock();
      const outlierDetection = { ...outliers, consecutiveFailures: 3, maxEjectionPercent: 100 };
      const balancing = { policy: 'round_robin', clock } as const;
      const { servers, upstream } = await start(t, 2, { balancing, outlierDetection });
      await until(() => allReady(upstream));
      const ejected = (): unknown => upstream.status.addresses.map(({ isEjected }) => isEjected);
      const [bad, good] = servers as [ScriptedUpstream, ScriptedUpstream];
      for (const code of [GrpcCode.NOT_FOUND, GrpcCode.INTERNAL]) {
        bad.script(path, { isEarly: true, code });
        for (let calls = 0; calls < 8; calls++) await call(upstream).catch(() => {});
        assert.deepEqual(ejected(), [code === GrpcCode.INTERNAL, false]);
      }
      for (let calls = 0; calls < 5; calls++) await call(upstream);
      good.script(path, { isEarly: true, code: GrpcCode.INTERNAL });
      for (let calls = 0; calls < 3; calls++) await assert.rejects(call(upstream), { code: GrpcCode.INTERNAL });
      assert.deepEqual(ejected(), [true, true]);
      bad.script(path, echo);
      good.script(path, echo);
      for (let calls = 0; calls < 4; calls++) await call(upstream);
      await clock.advance(30_000);
      assert.deepEqual(ejected(), [false, false]);
      assert.deepEqual(
        upstream.status.addresses.map(({ ejections }) => ejections),
        [1, 1],
      );
    });

    test('an address that says that it does not serve is not called, until it says that it does', async (t) => {
      const servers = await Promise.all([startServer(t), startServer(t)]);
      const health = servers.map((server) => scriptHealth(server));
      health[0]?.say(1);
      const target = servers.map((server) => server.target).join(',');
      const config = { transport, ...roundRobin, health: { serviceName: 'test.Test' } };
      const upstream = await startUpstream(t, target, config);
      await upstream.transport.ready(AbortSignal.timeout(5000));
      const told = (): unknown => upstream.status.addresses.map((address) => address.health);
      const called = async (): Promise<number[]> => {
        const before = countsOf(servers);
        for (let calls = 0; calls < 4; calls++) await call(upstream);
        return countsOf(servers).map((count, index) => count - (before[index] ?? 0));
      };
      await until(() => allReady(upstream));
      assert.deepEqual(
        [told(), await called()],
        [
          ['serving', 'unknown'],
          [4, 0],
        ],
      );
      health[1]?.say(1);
      await until(() => String(told()) === 'serving,serving');
      assert.deepEqual(await called(), [2, 2]);
      health[0]?.say(2);
      await until(() => String(told()) === 'not serving,serving');
      assert.deepEqual(await called(), [0, 4]);
      health[1]?.say(3);
      await until(() => upstream.status.state === 'failing');
      const message = `upstream ${target} says that it is not serving`;
      await assert.rejects(call(upstream), { code: GrpcCode.UNAVAILABLE, message });
      health[0]?.say(1);
      await until(() => upstream.status.state === 'ready');
      assert.deepEqual(await called(), [4, 0]);
      assert.deepEqual(health[0]?.asked, ['test.Test']);
    });

    test('one server without a health service serves; one whose watch breaks is asked again', async (t) => {
      const clock = new FakeClock();
      const server = await startServer(t);
      const config = { transport, health: { serviceName: '' }, balancing: { clock } };
      const upstream = await startUpstream(t, server.target, config);
      await call(upstream);
      assert.equal(upstream.status.addresses[0]?.health, 'serving');
      const broken = await startServer(t);
      broken.script(healthPath, { isEarly: true, code: GrpcCode.INTERNAL });
      const other = await startUpstream(t, broken.target, config);
      other.transport.connect();
      await until(() => other.status.state === 'failing');
      scriptHealth(broken).say(1);
      await until(() => clock.due.length > 0);
      await clock.advance(2000);
      await until(() => other.status.state === 'ready');
      await call(other);
    });
  });
}
