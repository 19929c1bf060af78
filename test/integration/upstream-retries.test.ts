/**
 * Calls that are tried again, and what is let through to an upstream, over both transports.
 */
import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoProtos } from '../../src/demo/start-demo.ts';
import type { Readiness } from '../../src/gateway/gateway.ts';
import { startServer } from '../../src/server/start-server.ts';
import { GrpcCode } from '../../src/status/code.ts';
import { StatusError } from '../../src/status/status-error.ts';
import { createUpstream, type Upstream, type UpstreamConfig } from '../../src/upstream/create-upstream.ts';
import { PendingLimit } from '../../src/upstream/pending-limit.ts';
import { parseTargets } from '../../src/upstream/target.ts';
import type { CallOptions, UnaryReply } from '../../src/upstream/transport.ts';
import { raw, silence } from '../upstreams/faults.ts';
import {
  type ReceivedCall,
  type Script,
  type ScriptedReply,
  type ScriptedUpstream,
  type ScriptedUpstreamOptions,
  startScriptedUpstream,
} from '../upstreams/scripted-upstream.ts';

const path = '/test.Test/Echo';
const message = new TextEncoder().encode('hello');
const { UNAVAILABLE, INTERNAL } = GrpcCode;
const policy = {
  maxAttempts: 3,
  initialBackoffMs: 5,
  maxBackoffMs: 20,
  backoffMultiplier: 2,
  retryableStatusCodes: new Set([UNAVAILABLE]),
};
const retry = { policy, throttling: { maxTokens: 10, tokenRatio: 0.1 } };

interface Rig {
  readonly server: ScriptedUpstream;
  readonly upstream: Upstream;
  call(options?: Partial<CallOptions>): Promise<UnaryReply>;
}

async function rig(
  t: TestContext,
  script: Script,
  config: Partial<UpstreamConfig>,
  options: ScriptedUpstreamOptions = {},
): Promise<Rig> {
  const server = await startScriptedUpstream({ [path]: script }, options);
  const upstream = await createUpstream({ target: parseTargets(server.target), retry, ...config });
  t.after(async () => {
    await upstream.transport.close(AbortSignal.abort());
    await server.close();
  });
  await upstream.transport.ready(AbortSignal.timeout(5000));
  const call = (options: Partial<CallOptions> = {}): Promise<UnaryReply> => {
    const deadline = performance.now() + 5000;
    return upstream.transport.unary({ path, metadata: [], deadline, isIdempotent: true, ...options }, message);
  };
  return { server, upstream, call };
}

/** Fails so many times, then echoes. */
function failing(times: number, reply: ScriptedReply): (call: ReceivedCall) => ScriptedReply {
  let calls = 0;
  return ({ messages }) => (calls++ < times ? reply : { messages });
}

const attemptsOf = (server: ScriptedUpstream): unknown[] =>
  server.calls.map(({ headers }) => headers['grpc-previous-rpc-attempts']);
const unavailable = { code: UNAVAILABLE, message: 'later' };

for (const transport of ['http2', 'grpc-js'] as const) {
  describe(transport, { timeout: 30_000 }, () => {
    const outcomes: readonly (readonly [
      name: string,
      script: Script,
      config: Partial<UpstreamConfig>,
      options: Partial<CallOptions>,
      attempts: readonly (string | undefined)[],
      code: GrpcCode | undefined,
    ])[] = [
      ['succeeds at last', failing(2, unavailable), {}, {}, [undefined, '1', '2'], undefined],
      ['fails at last', failing(9, unavailable), {}, {}, [undefined, '1', '2'], UNAVAILABLE],
      ['is not idempotent', failing(1, unavailable), {}, { isIdempotent: false }, [undefined], UNAVAILABLE],
      ['fails with another code', failing(1, { code: INTERNAL }), {}, {}, [undefined], INTERNAL],
      ['has had headers', failing(1, { ...unavailable, messages: [] }), {}, {}, [undefined], UNAVAILABLE],
      [
        'is told to wait',
        failing(1, { ...unavailable, trailers: { 'grpc-retry-pushback-ms': '1' } }),
        {},
        {},
        [undefined, '1'],
        undefined,
      ],
      [
        'is told not to come again',
        failing(1, { ...unavailable, trailers: { 'grpc-retry-pushback-ms': '-1' } }),
        {},
        {},
        [undefined],
        UNAVAILABLE,
      ],
      [
        'would come after its deadline',
        failing(1, { ...unavailable, trailers: { 'grpc-retry-pushback-ms': '60000' } }),
        {},
        {},
        [undefined],
        UNAVAILABLE,
      ],
      [
        'is configured by its method',
        failing(1, { code: INTERNAL }),
        {
          methodConfig: [
            { name: [{ service: 'test.Test' }], retry: { ...policy, retryableStatusCodes: new Set([INTERNAL]) } },
          ],
        },
        { isIdempotent: false },
        [undefined, '1'],
        undefined,
      ],
    ];
    for (const [name, script, config, options, attempts, code] of outcomes) {
      test(`a call that ${name}`, async (t) => {
        const { server, upstream, call } = await rig(t, script, { transport, ...config });
        const outcome = await call(options).then(
          () => undefined,
          (error: StatusError) => error.code,
        );
        assert.equal(outcome, code);
        assert.deepEqual(attemptsOf(server), attempts);
        assert.equal(upstream.status.retries, attempts.length - 1);
        assert.equal(upstream.status.inFlight, 0);
      });
    }

    test('a connection that breaks under a call', async (t) => {
      const breaking = raw((stream) => {
        server.script(path, ({ messages }) => ({ messages }));
        stream.session?.destroy();
      });
      const { server, call } = await rig(t, breaking, { transport });
      const { message: reply } = await call();
      assert.deepEqual(new Uint8Array(reply), message);
    });

    test('a client that leaves between two attempts', async (t) => {
      const slow = { ...policy, initialBackoffMs: 60_000, maxBackoffMs: 60_000 };
      const { server, call } = await rig(t, failing(9, unavailable), { transport, retry: { ...retry, policy: slow } });
      const leaving = new AbortController();
      const calling = call({ signal: leaving.signal, deadline: performance.now() + 1_000_000 });
      while (server.calls.length === 0) await sleep(1);
      await sleep(20);
      leaving.abort();
      await assert.rejects(calling, { code: GrpcCode.CANCELLED });
      assert.equal(server.calls.length, 1);
    });

    test('the timeout of a method', async (t) => {
      const methodConfig = [{ name: [{ service: 'test.Test', method: 'Echo' }], timeoutMs: 50 }];
      const { upstream, call } = await rig(t, silence, { transport, methodConfig });
      await assert.rejects(call(), { code: GrpcCode.DEADLINE_EXCEEDED });
      const deadline = performance.now() + 5000;
      const stream = upstream.transport.stream({ path, metadata: [], deadline }, message);
      await assert.rejects(stream.headers, { code: GrpcCode.DEADLINE_EXCEEDED });
    });

    test('more calls than may be open', async (t) => {
      const { upstream, call } = await rig(t, silence, { transport, maxRequests: 2 });
      const leaving = new AbortController();
      const open = [call({ signal: leaving.signal }), call({ signal: leaving.signal })];
      const headers = [['retry-after', '1']] as const;
      await assert.rejects(call(), { code: UNAVAILABLE, httpStatus: 503, headers });
      assert.equal(upstream.status.inFlight, 2);
      assert.equal(upstream.status.overflows.requests, 1);
      leaving.abort();
      for (const left of open) await assert.rejects(left, { code: GrpcCode.CANCELLED });
      assert.equal(upstream.status.inFlight, 0);
    });
  });
}

describe('a stream of messages that is refused', { timeout: 30_000 }, () => {
  const rows: readonly (readonly [name: string, sizes: readonly number[], code: GrpcCode | undefined])[] = [
    ['is sent again from its first message', [10, 20, 30], undefined],
    ['is lost when too much of it is sent', [40_000, 40_000, 30], UNAVAILABLE],
  ];
  for (const [name, sizes, code] of rows) {
    for (const addresses of [1, 2]) {
      test(`${name}, of ${addresses} addresses`, async (t) => {
        // It has come, but for its last message.
        const refusing = raw((stream) => {
          server.script(path, ({ messages }) => ({ messages: [Buffer.concat(messages)] }));
          let missing = sizes.slice(0, -1).reduce((sum, size) => sum + size + 5, 0);
          stream.on('data', (chunk: Buffer) => {
            missing -= chunk.length;
            if (missing <= 0) stream.close(constants.NGHTTP2_REFUSED_STREAM);
          });
        });
        const { server } = await rig(t, refusing, {});
        const target = parseTargets(Array(addresses).fill(server.target).join(','));
        const upstream = await createUpstream({ target });
        t.after(() => upstream.transport.close(AbortSignal.abort()));
        const all = sizes.map((size, index) => Buffer.alloc(size, index));
        const source = async function* (): AsyncGenerator<Uint8Array> {
          yield* all.slice(0, -1);
          await sleep(50);
          yield* all.slice(-1);
        };
        const options = { path, metadata: [], deadline: performance.now() + 5000 };
        const outcome = upstream.transport.unary(options, source());
        if (code !== undefined) await assert.rejects(outcome, { code });
        else assert.deepEqual(Buffer.from((await outcome).message), Buffer.concat(all));
      });
    }
  }
});

describe('calls that wait for a stream', { timeout: 30_000 }, () => {
  const streams = { settings: { maxConcurrentStreams: 1 } };

  test('too long', async (t) => {
    const pending = new PendingLimit(10, 50);
    const { upstream, call } = await rig(t, silence, { maxConnections: 2, pending }, streams);
    const leaving = new AbortController();
    const open = [call({ signal: leaving.signal }), call({ signal: leaving.signal })];
    const late = call();
    assert.equal(upstream.status.pending, 2, 'one for the second connection, one for a free stream');
    await assert.rejects(late, { code: UNAVAILABLE, headers: [['retry-after', '1']] });
    assert.equal(upstream.status.pending, 0);
    assert.equal(upstream.status.addresses[0]?.connections, 2);
    assert.deepEqual(upstream.status.overflows, { requests: 0, pending: 0, pendingTimeouts: 1 });
    assert.equal(upstream.status.retries, 0, 'what is over a limit is not tried again');
    leaving.abort();
    for (const left of open) await assert.rejects(left, StatusError);
  });

  test('too many', async (t) => {
    const pending = new PendingLimit(1, 5000);
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const slow = async ({ messages }: ReceivedCall): Promise<ScriptedReply> => {
      await finished;
      return { messages };
    };
    const { upstream, call } = await rig(t, slow, { maxConnections: 1, pending }, streams);
    const open = call();
    const waiting = call();
    await assert.rejects(call(), { code: UNAVAILABLE, headers: [['retry-after', '1']] });
    assert.equal(upstream.status.overflows.pending, 1);
    finish();
    await open;
    await waiting;
  });
});

const idempotency: readonly (readonly [method: string, url: string, rpc: string, attempts: number, status: number])[] =
  [
    ['GET', '/v1/shelves/1', 'GetShelf', 3, 503],
    ['POST', '/v1/shelves', 'CreateShelf', 1, 503],
  ];

for (const [method, url, rpc, attempts, status] of idempotency) {
  test(`${method} ${url} is tried ${attempts} times`, { timeout: 30_000 }, async (t) => {
    const path = `/example.library.v1.Library/${rpc}`;
    const server = await startScriptedUpstream({ [path]: { isEarly: false, ...unavailable } });
    t.after(() => server.close());
    const upstreams = [{ target: server.target, retry: { initialBackoff: '1ms' } }];
    const gateway = await startServer({ protos: [demoProtos()], upstreams, listen: { port: 0 } });
    t.after(() => gateway.close());
    const reply = await fetch(gateway.url + url, { method });
    assert.equal(reply.status, status);
    assert.equal(server.calls.length, attempts);
    const { upstreams: told } = (await (await fetch(`${gateway.url}/readyz`)).json()) as Pick<Readiness, 'upstreams'>;
    assert.equal(told[0]?.retries, attempts - 1);
  });
}
