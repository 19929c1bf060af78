/**
 * What every transport must do, against real servers: one suite, run over each of them.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { GrpcCode } from '../../src/status/code.ts';
import { StatusError } from '../../src/status/status-error.ts';
import type { Metadata } from '../../src/transcode/exchange.ts';
import { settleLater } from '../../src/upstream/reply-queue.ts';
import { parseTarget, type Target } from '../../src/upstream/target.ts';
import type { CallOptions, ReplyStream, Transport, TransportOptions } from '../../src/upstream/transport.ts';
import { startEchoUpstream } from '../upstreams/echo-upstream.ts';
import {
  bodyBytes,
  diesAfter,
  endless,
  grpcHeaders,
  hangUp,
  noTrailers,
  raw,
  reset,
  webPage,
} from '../upstreams/faults.ts';
import {
  frame,
  messagesOf,
  type Script,
  type ScriptedUpstream,
  type ScriptedUpstreamOptions,
  startScriptedUpstream,
  statusTrailers,
} from '../upstreams/scripted-upstream.ts';

export type CreateTransport = (target: Target, options?: TransportOptions) => Transport;

const path = '/test.Test/Call';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (message: Uint8Array | undefined): string => new TextDecoder().decode(message);
const tlsFile = (name: string): string => readFileSync(join('test', 'fixtures', 'tls', name), 'utf8');

/** An upstream with one script, and a transport to it; both closed after the test. */
async function connect(
  t: TestContext,
  create: CreateTransport,
  script: Script,
  options: { readonly transport?: TransportOptions; readonly upstream?: ScriptedUpstreamOptions } = {},
): Promise<{ upstream: ScriptedUpstream; transport: Transport }> {
  const upstream = await startScriptedUpstream({ [path]: script }, options.upstream);
  const transport = create(parseTarget(upstream.target), options.transport);
  t.after(async () => {
    await transport.close(AbortSignal.abort());
    await upstream.close();
  });
  return { upstream, transport };
}

function callOptions(more: Partial<CallOptions> = {}): CallOptions {
  return { path, metadata: [], deadline: performance.now() + 10_000, ...more };
}

/** An error as plain data: what a caller can see of it. */
function seen(error: unknown): unknown {
  assert.ok(error instanceof StatusError, `not a StatusError: ${error}`);
  const { codeName, httpStatus, message, trailers, metadata, statusDetails } = error;
  return {
    code: codeName,
    httpStatus,
    message,
    ...(own(trailers).length > 0 && { trailers: own(trailers) }),
    ...(own(metadata).length > 0 && { metadata: own(metadata) }),
    ...(statusDetails && { details: text(statusDetails) }),
  };
}

// Servers add a date.
const own = (metadata: Metadata): Metadata => metadata.filter(([name]) => name !== 'date');

async function outcomeOf(
  call: Promise<{ message: Uint8Array; headers: Metadata; trailers: Metadata }>,
): Promise<unknown> {
  try {
    const { message, headers, trailers } = await call;
    return { message: text(message), headers: own(headers), trailers: own(trailers) };
  } catch (error) {
    return seen(error);
  }
}

async function streamOutcomeOf(stream: ReplyStream): Promise<unknown> {
  const messages: string[] = [];
  try {
    for await (const batch of stream) {
      assert.notEqual(batch.length, 0);
      messages.push(...batch.map(text));
    }
    return { messages, headers: own(await stream.headers), trailers: own(await stream.trailers) };
  } catch (error) {
    await assert.rejects(stream.trailers);
    return { messages, error: seen(error) };
  }
}

/** Equal, but for texts that the transports word in their own way. */
function assertOutcome(actual: unknown, expected: unknown): void {
  const { error, message } = expected as { error?: unknown; message?: unknown };
  if (error !== undefined) {
    const { error: actualError, ...rest } = actual as { error?: unknown };
    const { error: _, ...expectedRest } = expected as { error?: unknown };
    assert.deepEqual(rest, expectedRest);
    assertOutcome(actualError, error);
  } else if (message instanceof RegExp) {
    assert.match((actual as { message: string }).message, message);
    assert.deepEqual({ ...(actual as object), message }, expected);
  } else assert.deepEqual(actual, expected);
}

interface UnaryRow {
  readonly name: string;
  readonly script: Script;
  readonly metadata?: Metadata;
  readonly transport?: TransportOptions;
  readonly expect: unknown;
}

const ok = (message: string): unknown => ({ message, headers: [], trailers: [] });
const unaryRows: readonly UnaryRow[] = [
  {
    name: 'a message, metadata and trailers come back',
    script: ({ messages }) => ({ messages, headers: { 'x-a': '1' }, trailers: { 'x-b': '2' } }),
    expect: { message: 'request', headers: [['x-a', '1']], trailers: [['x-b', '2']] },
  },
  { name: 'a message without a byte', script: { messages: [bytes('')] }, expect: ok('') },
  {
    name: 'binary metadata is base64 text on both sides',
    metadata: [['x-data-bin', 'AP8']],
    script: ({ headers, messages }) => ({ messages, headers: { 'x-back-bin': headers['x-data-bin'] } }),
    expect: { message: 'request', headers: [['x-back-bin', 'AP8=']], trailers: [] },
  },
  {
    name: 'values of a repeated name are joined',
    metadata: [
      ['range', 'a'],
      ['x-other', 'c'],
      ['range', 'b'],
    ],
    script: ({ headers }) => ({ messages: [bytes(`${headers.range} ${headers['x-other']}`)] }),
    expect: ok('a,b c'),
  },
  {
    name: 'a status without a message, with details and trailers',
    script: { code: 5, message: 'no such book: 100% gone, é', details: bytes('why'), trailers: { 'x-b': '2' } },
    expect: {
      code: 'NOT_FOUND', httpStatus: 404, message: 'no such book: 100% gone, é', trailers: [['x-b', '2']], details: 'why',
    }, // biome-ignore format: one value
  },
  {
    name: 'a status after headers and a message',
    script: {
      messages: [bytes('x')],
      code: 9,
      message: 'shelf is full',
      headers: { 'x-a': '1' },
      trailers: { 'x-b': '2' },
    },
    expect: {
      code: 'FAILED_PRECONDITION', httpStatus: 400, message: 'shelf is full', trailers: [['x-b', '2']], metadata: [['x-a', '1']],
    }, // biome-ignore format: one value
  },
  {
    name: 'a code that is none',
    script: { code: 99, message: 'odd' },
    expect: { code: 'UNKNOWN', httpStatus: 500, message: 'odd' },
  },
  {
    name: 'OK without a message',
    script: { messages: [] },
    expect: {
      code: 'INTERNAL', httpStatus: 500, message: 'the upstream answered a call that takes one reply with no message',
    }, // biome-ignore format: one value
  },
  {
    name: 'two messages',
    script: { messages: [bytes('a'), bytes('b')] },
    expect: {
      code: 'INTERNAL', httpStatus: 500, message: 'the upstream answered a call that takes one reply with more than one message',
    }, // biome-ignore format: one value
  },
  {
    name: 'a web page that is not found',
    script: webPage(404),
    expect: { code: 'UNIMPLEMENTED', httpStatus: 501, message: 'Received HTTP status code 404' },
  },
  {
    name: 'a proxy that has no server',
    script: webPage(503),
    expect: { code: 'UNAVAILABLE', httpStatus: 503, message: 'Received HTTP status code 503' },
  },
  {
    name: 'a stream that is reset as cancelled',
    script: reset(constants.NGHTTP2_CANCEL),
    expect: { code: 'CANCELLED', httpStatus: 499, message: 'Call cancelled' },
  },
  {
    name: 'a stream that is reset for too much',
    script: reset(constants.NGHTTP2_ENHANCE_YOUR_CALM),
    expect: { code: 'RESOURCE_EXHAUSTED', httpStatus: 429, message: 'Bandwidth exhausted or memory limit exceeded' },
  },
  {
    name: 'a stream that is reset as not secure enough',
    script: reset(constants.NGHTTP2_INADEQUATE_SECURITY),
    expect: { code: 'PERMISSION_DENIED', httpStatus: 403, message: 'Protocol not secure enough' },
  },
  {
    name: 'a message and no status',
    script: noTrailers([bytes('x')]),
    expect: { code: 'INTERNAL', httpStatus: 500, message: /without gRPC status/ },
  },
  {
    name: 'a status that is no number',
    script: bodyBytes([frame(bytes('x'))], { 'grpc-status': 'fine', 'grpc-message': 'all %zz' }),
    expect: { code: 'UNKNOWN', httpStatus: 500, message: 'all %zz' },
  },
  {
    name: 'a message in two pieces',
    script: bodyBytes([frame(bytes('whole')).subarray(0, 3), frame(bytes('whole')).subarray(3)]),
    expect: ok('whole'),
  },
  {
    name: 'a message cut short',
    script: bodyBytes([frame(bytes('whole')).subarray(0, 7)]),
    expect: { code: 'INTERNAL', httpStatus: 500, message: /no message|inside a message/ },
  },
  {
    name: 'a compressed message',
    script: bodyBytes([Uint8Array.of(1, ...frame(gzipSync('packed')).subarray(1))], statusTrailers({}), {
      'grpc-encoding': 'gzip',
    }),
    expect: ok('packed'),
  },
  {
    name: 'a reply over its limit',
    transport: { maxReplyBytes: 10 },
    script: { messages: [bytes('elevenbytes')] },
    expect: { code: 'RESOURCE_EXHAUSTED', httpStatus: 502, message: 'the reply is over the limit of 10 bytes' },
  },
  {
    name: 'a compressed reply over its limit',
    transport: { maxReplyBytes: 100 },
    script: bodyBytes([Uint8Array.of(1, ...frame(gzipSync('a'.repeat(1000))).subarray(1))], statusTrailers({}), {
      'grpc-encoding': 'gzip',
    }),
    expect: { code: 'RESOURCE_EXHAUSTED', httpStatus: 502, message: 'the reply is over the limit of 100 bytes' },
  },
  {
    name: 'a reply at its limit',
    transport: { maxReplyBytes: 10 },
    script: { messages: [bytes('tenletters')] },
    expect: ok('tenletters'),
  },
  {
    name: 'a request over its limit',
    transport: { maxRequestBytes: 6 },
    script: {},
    expect: {
      code: 'RESOURCE_EXHAUSTED', httpStatus: 413, message: 'the request message has 7 bytes, over the limit of 6',
    }, // biome-ignore format: one value
  },
  ...['connection', 'content-length', 'te', 'grpc-status', ':authority', 'X-Upper', 'a b'].map(
    (name): UnaryRow => ({
      name: `metadata ${name} is refused`,
      metadata: [[name, '1']],
      script: { messages: [bytes('')] },
      expect: { code: 'INTERNAL', httpStatus: 500, message: 'internal error' },
    }),
  ),
];

interface StreamRow {
  readonly name: string;
  readonly script: Script;
  readonly messages?: readonly string[];
  readonly expect: unknown;
}

const streamRows: readonly StreamRow[] = [
  {
    name: 'messages in order, with metadata and trailers',
    script: { messages: ['a', '', 'c'].map(bytes), headers: { 'x-a': '1' }, trailers: { 'x-b': '2' } },
    expect: { messages: ['a', '', 'c'], headers: [['x-a', '1']], trailers: [['x-b', '2']] },
  },
  { name: 'no message at all', script: { messages: [] }, expect: { messages: [], headers: [], trailers: [] } },
  {
    name: 'trailers only, and OK',
    script: raw((stream) => stream.respond({ ...grpcHeaders, ...statusTrailers({}) }, { endStream: true })),
    expect: { messages: [], headers: [], trailers: [] },
  },
  {
    name: 'an error before any message',
    script: { code: 7, message: 'not yours' },
    expect: { messages: [], error: { code: 'PERMISSION_DENIED', httpStatus: 403, message: 'not yours' } },
  },
  {
    name: 'an error after a message',
    script: raw(async (stream) => {
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(statusTrailers({ code: 15, message: 'torn page' })));
      stream.write(frame(bytes('a')));
      await sleep(50);
      stream.end();
    }),
    expect: { messages: ['a'], error: { code: 'DATA_LOSS', httpStatus: 500, message: 'torn page' } },
  },
  {
    name: 'an error right behind messages',
    script: { messages: ['a', 'b', 'c'].map(bytes), code: 15, message: 'torn page' },
    expect: { messages: ['a', 'b', 'c'], error: { code: 'DATA_LOSS', httpStatus: 500, message: 'torn page' } },
  },
  {
    name: 'a connection that breaks after a message',
    script: diesAfter([bytes('a')]),
    expect: { messages: ['a'], error: { code: 'UNAVAILABLE', httpStatus: 503, message: /./ } },
  },
  {
    name: 'several request messages',
    messages: ['a', 'b', 'c'],
    script: ({ messages }) => ({ messages: [bytes(messages.map(text).join('+'))] }),
    expect: { messages: ['a+b+c'], headers: [], trailers: [] },
  },
  {
    name: 'no request message',
    messages: [],
    script: ({ messages }) => ({ messages: [bytes(String(messages.length))] }),
    expect: { messages: ['0'], headers: [], trailers: [] },
  },
];

// A call that hangs fails its test instead of the whole run.
const limits = { timeout: 60_000 };

/** Runs the suite over one transport. */
export function transportContract(name: string, create: CreateTransport): void {
  describe(`${name}: unary`, limits, () => {
    for (const row of unaryRows) {
      test(row.name, async (t) => {
        const { transport } = await connect(t, create, row.script, { transport: row.transport ?? {} });
        const outcome = await outcomeOf(
          transport.unary(callOptions({ metadata: row.metadata ?? [] }), bytes('request')),
        );
        assertOutcome(outcome, row.expect);
        // The connection is still good.
        assert.deepEqual(
          seen(await transport.unary(callOptions({ path: '/none' }), bytes('')).catch((error) => error)),
          { code: 'UNIMPLEMENTED', httpStatus: 501, message: 'no script for /none' },
        );
      });
    }
    unaryTests(create);
  });

  describe(`${name}: streams`, limits, () => {
    for (const row of streamRows) {
      test(row.name, async (t) => {
        const { transport } = await connect(t, create, row.script);
        const messages = row.messages === undefined ? bytes('request') : each(row.messages.map(bytes));
        assertOutcome(await streamOutcomeOf(transport.stream(callOptions(), messages)), row.expect);
      });
    }
    streamTests(create);
  });
  describe(`${name}: connections`, limits, () => connectionTests(create));
}

async function* each<Value>(values: Iterable<Value>): AsyncGenerator<Value> {
  yield* values;
}

function unaryTests(create: CreateTransport): void {
  test('the deadline reaches the upstream and ends the call', async (t) => {
    const closed = settleLater<number | undefined>();
    const { transport } = await connect(t, create, {
      raw: (stream, headers) => {
        assert.match(String(headers['grpc-timeout']), /^\d+[mun]$/);
        stream.on('close', () => closed.resolve(stream.rstCode));
      },
    });
    const call = transport.unary(callOptions({ deadline: performance.now() + 60 }), bytes(''));
    assert.deepEqual(await outcomeOf(call), {
      code: 'DEADLINE_EXCEEDED',
      httpStatus: 504,
      message: 'deadline exceeded',
    });
    assert.equal(await closed.promise, constants.NGHTTP2_CANCEL);
  });

  test('a deadline that has passed', async (t) => {
    const { transport, upstream } = await connect(t, create, {});
    const call = transport.unary(callOptions({ deadline: performance.now() - 1 }), bytes(''));
    assert.deepEqual(await outcomeOf(call), {
      code: 'DEADLINE_EXCEEDED',
      httpStatus: 504,
      message: 'deadline exceeded',
    });
    assert.deepEqual(upstream.calls, []);
  });

  test('the signal cancels the call upstream, with its reason', async (t) => {
    const arrived = settleLater<ServerHttp2Stream>();
    const { transport } = await connect(t, create, raw(arrived.resolve));
    const controller = new AbortController();
    const call = outcomeOf(transport.unary(callOptions({ signal: controller.signal }), bytes('')));
    const stream = await arrived.promise;
    const closed = once(stream, 'close');
    controller.abort(new StatusError(GrpcCode.UNAVAILABLE, 'shutting down'));
    assert.deepEqual(await call, { code: 'UNAVAILABLE', httpStatus: 503, message: 'shutting down' });
    await closed;
    assert.equal(stream.rstCode, constants.NGHTTP2_CANCEL);
  });

  test('a signal that is aborted already', async (t) => {
    const { transport, upstream } = await connect(t, create, {});
    const call = transport.unary(callOptions({ signal: AbortSignal.abort() }), bytes(''));
    assert.deepEqual(await outcomeOf(call), { code: 'CANCELLED', httpStatus: 499, message: 'the call was cancelled' });
    assert.deepEqual(upstream.calls, []);
  });

  test('a refused stream is tried once more', async (t) => {
    let attempts = 0;
    const { transport } = await connect(t, create, {
      raw: (stream) => {
        attempts++;
        if (attempts === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM);
        else
          stream.respond({ ...grpcHeaders, ...statusTrailers({ code: 10, message: 'second' }) }, { endStream: true });
      },
    });
    const outcome = await outcomeOf(transport.unary(callOptions(), bytes('')));
    assert.deepEqual(outcome, { code: 'ABORTED', httpStatus: 409, message: 'second' });
  });

  test('more calls than the upstream takes at once wait for each other', async (t) => {
    const { transport } = await connect(t, create, ({ messages }) => ({ messages }), {
      upstream: { settings: { maxConcurrentStreams: 3 } },
    });
    const names = Array.from({ length: 50 }, (_, index) => `call ${index}`);
    const replies = await Promise.all(names.map((text) => transport.unary(callOptions(), bytes(text))));
    assert.deepEqual(
      replies.map(({ message }) => text(message)),
      names,
    );
  });

  test('every character that metadata can have', async (t) => {
    const { transport } = await connect(t, create, ({ headers, messages }) => {
      const back = Object.entries(headers).filter(([name]) => name.startsWith('x-'));
      return { messages, headers: Object.fromEntries(back), trailers: Object.fromEntries(back) };
    });
    const metadata = Array.from({ length: 95 }, (_, index): [string, string] => {
      const char = String.fromCharCode(32 + index);
      return [`x-${index}`, `v${char.repeat(1 + (index % 9))}v${index}`];
    });
    for (let round = 0; round < 3; round++) {
      const { headers, trailers } = await transport.unary(callOptions({ metadata }), bytes(''));
      assert.deepEqual(own(headers), metadata);
      assert.deepEqual(own(trailers), metadata);
    }
  });

  for (const initialWindowSize of [65_535, 8 * 1024 * 1024]) {
    test(`large messages both ways, with windows of ${initialWindowSize} bytes`, async (t) => {
      const upstream = { settings: { initialWindowSize } };
      const { transport } = await connect(t, create, ({ messages }) => ({ messages }), { upstream });
      const message = new Uint8Array(3_000_000).map((_, index) => index * 7);
      assert.deepEqual((await transport.unary(callOptions(), message)).message, message);
    });
  }
}

function streamTests(create: CreateTransport): void {
  test('a reader that stops holds the upstream back, and leaving cancels', async (t) => {
    const closed = settleLater<number | undefined>();
    let written = 0;
    const pour = endless(10_000, (count) => {
      written += count;
    });
    const { transport } = await connect(t, create, {
      raw: (stream, headers) => {
        stream.on('close', () => closed.resolve(stream.rstCode));
        return pour.raw(stream, headers);
      },
    });
    const iterator = transport.stream(callOptions(), bytes(''))[Symbol.asyncIterator]();
    assert.equal((await iterator.next()).done, false);
    await sleep(100);
    assert.ok(written < 2_000_000, `${written} bytes were sent to a reader that waits`);
    const before = written;
    for (let batches = 0; batches < 50; batches++) await iterator.next();
    assert.ok(written > before, 'reading on brings more');
    await iterator.return?.();
    assert.equal(await closed.promise, constants.NGHTTP2_CANCEL);
    assert.equal(((await iterator.next().catch(seen)) as { code?: string }).code, 'CANCELLED');
  });

  test('messages that come together are given together', async (t) => {
    const messages = Array.from({ length: 1000 }, (_, index) => bytes(`message ${index}`));
    const { transport } = await connect(t, create, { messages });
    const batches: (readonly Uint8Array[])[] = [];
    for await (const batch of transport.stream(callOptions(), bytes(''))) batches.push(batch);
    assert.deepEqual(batches.flat().map(text), messages.map(text));
    assert.ok(batches.length < 500, `${batches.length} batches`);
  });

  test('an upstream that does not read holds the requests back', async (t) => {
    const arrived = settleLater<ServerHttp2Stream>();
    const { transport } = await connect(t, create, raw(arrived.resolve));
    let sent = 0;
    let hasLeft = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          sent++;
          yield new Uint8Array(10_000);
        }
      } finally {
        hasLeft = true;
      }
    }
    const stream = transport.stream(callOptions(), endless());
    const received = await arrived.promise;
    await sleep(100);
    const held = sent;
    assert.ok(held < 500, `${held} messages were taken`);
    received.respond({ ...grpcHeaders, ...statusTrailers({ code: 8, message: 'enough' }) }, { endStream: true });
    received.resume();
    const outcome = await streamOutcomeOf(stream);
    assert.deepEqual(outcome, {
      messages: [],
      error: { code: 'RESOURCE_EXHAUSTED', httpStatus: 429, message: 'enough' },
    });
    await sleep(20);
    assert.ok(hasLeft, 'the requests are left when the call has ended');
  });

  test('requests and replies take turns', async (t) => {
    const { transport } = await connect(t, create, {
      raw: async (stream) => {
        stream.respond(grpcHeaders, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers(statusTrailers({})));
        for await (const message of messagesOf(stream)) stream.write(frame(bytes(`${text(message)}!`)));
        stream.end();
      },
    });
    let answer = settleLater<string>();
    async function* questions(): AsyncGenerator<Uint8Array> {
      for (const question of ['a', 'b', 'c']) {
        yield bytes(question);
        assert.equal(await answer.promise, `${question}!`);
        answer = settleLater();
      }
    }
    const answers: string[] = [];
    for await (const batch of transport.stream(callOptions(), questions())) {
      answers.push(...batch.map(text));
      answer.resolve(text(batch[0]));
    }
    assert.deepEqual(answers, ['a!', 'b!', 'c!']);
  });

  test('requests that fail cancel the call', async (t) => {
    const arrived = settleLater<void>();
    const closed = settleLater<number | undefined>();
    const { transport } = await connect(t, create, {
      raw: (stream) => {
        arrived.resolve();
        stream.on('close', () => closed.resolve(stream.rstCode));
        stream.resume();
      },
    });
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes('a');
      await arrived.promise;
      throw StatusError.invalidField('body', 'is not JSON');
    }
    const outcome = await streamOutcomeOf(transport.stream(callOptions(), broken()));
    const error = { code: 'INVALID_ARGUMENT', httpStatus: 400, message: 'body: is not JSON' };
    assert.deepEqual(outcome, { messages: [], error });
    assert.equal(await closed.promise, constants.NGHTTP2_CANCEL);
  });

  test('metadata that cannot be sent fails the stream and not the caller', async (t) => {
    const { transport } = await connect(t, create, {});
    const outcome = await streamOutcomeOf(transport.stream(callOptions({ metadata: [['te', 'x']] }), bytes('')));
    const error = { code: 'INTERNAL', httpStatus: 500, message: 'internal error' };
    assert.deepEqual(outcome, { messages: [], error });
  });
}

function connectionTests(create: CreateTransport): void {
  test('an upstream that is down, and comes up', async (t) => {
    const gone = await startScriptedUpstream();
    await gone.close();
    const transport = create(parseTarget(gone.target), { reconnect: { minMs: 20, maxMs: 50 } });
    t.after(() => transport.close(AbortSignal.abort()));
    const message = `upstream ${gone.target} is unreachable: connect ECONNREFUSED`;
    const expected = { code: 'UNAVAILABLE', httpStatus: 503, message };
    assert.deepEqual(await outcomeOf(transport.unary(callOptions(), bytes(''))), expected);
    await assert.rejects(transport.ready(AbortSignal.timeout(30)), { codeName: 'UNAVAILABLE' });
    const states: string[] = [];
    transport.onStateChange((state) => states.push(state));
    const upstream = await startScriptedUpstream({ [path]: { messages: [bytes('up')] } }, { port: gone.port });
    t.after(() => upstream.close());
    await transport.ready(AbortSignal.timeout(5000));
    assert.equal(transport.state, 'ready');
    assert.equal(states.at(-1), 'ready');
    assert.deepEqual(await outcomeOf(transport.unary(callOptions(), bytes(''))), ok('up'));
  });

  test('a connection that breaks fails its calls, and the next call opens another', async (t) => {
    const { transport, upstream } = await connect(t, create, hangUp);
    const outcome = (await outcomeOf(transport.unary(callOptions(), bytes('')))) as {
      code: string;
      httpStatus: number;
    };
    assert.deepEqual([outcome.code, outcome.httpStatus], ['UNAVAILABLE', 503]);
    upstream.script(path, { messages: [bytes('again')] });
    assert.deepEqual(await outcomeOf(transport.unary(callOptions(), bytes(''))), ok('again'));
  });

  test('GOAWAY lets calls in flight end and sends new ones elsewhere', async (t) => {
    const arrived = settleLater<ServerHttp2Stream>();
    const { transport, upstream } = await connect(t, create, raw(arrived.resolve));
    const first = outcomeOf(transport.unary(callOptions(), bytes('')));
    const stream = await arrived.promise;
    stream.session?.goaway(constants.NGHTTP2_NO_ERROR, stream.id ?? 0);
    upstream.script(path, { messages: [bytes('second')] });
    await sleep(20);
    assert.deepEqual(await outcomeOf(transport.unary(callOptions(), bytes(''))), ok('second'));
    stream.respond(grpcHeaders, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(statusTrailers({})));
    stream.end(frame(bytes('first')));
    assert.deepEqual(await first, ok('first'));
  });

  test('closing waits for calls in flight, and refuses new ones', async (t) => {
    const arrived = settleLater<ServerHttp2Stream>();
    const { transport } = await connect(t, create, raw(arrived.resolve));
    const call = outcomeOf(transport.unary(callOptions(), bytes('')));
    const stream = await arrived.promise;
    const closed = transport.close();
    const refused = (await outcomeOf(transport.unary(callOptions(), bytes('')))) as { code: string };
    assert.equal(refused.code, 'UNAVAILABLE');
    stream.respond({ ...grpcHeaders, ...statusTrailers({ code: 10, message: 'late' }) }, { endStream: true });
    assert.deepEqual(await call, { code: 'ABORTED', httpStatus: 409, message: 'late' });
    await closed;
  });

  test('closing with an aborted signal cancels calls in flight', async (t) => {
    const arrived = settleLater<ServerHttp2Stream>();
    const { transport, upstream } = await connect(t, create, raw(arrived.resolve));
    const call = outcomeOf(transport.unary(callOptions(), bytes('')));
    await arrived.promise;
    await transport.close(AbortSignal.abort());
    const message = `upstream ${upstream.target} is closed`;
    assert.deepEqual(await call, { code: 'UNAVAILABLE', httpStatus: 503, message });
  });

  const tls = { key: tlsFile('server.key'), cert: tlsFile('server.crt') };
  const tlsRows = [
    { name: 'own CA', upstream: tls, transport: { ca: tlsFile('ca.crt') }, code: 'OK' },
    { name: 'no CA', upstream: tls, transport: {}, code: 'UNAVAILABLE' },
    {
      name: 'a server name of its own',
      upstream: { key: tlsFile('other.key'), cert: tlsFile('other.crt') },
      transport: { ca: tlsFile('ca.crt'), serverName: 'upstream.test' },
      code: 'OK',
    },
    {
      name: 'a certificate for another name',
      upstream: { key: tlsFile('other.key'), cert: tlsFile('other.crt') },
      transport: { ca: tlsFile('ca.crt') },
      code: 'UNAVAILABLE',
    },
    {
      name: 'a client certificate',
      upstream: { ...tls, ca: tlsFile('ca.crt'), requestCert: true },
      transport: { ca: tlsFile('ca.crt'), key: tlsFile('client.key'), cert: tlsFile('client.crt') },
      code: 'OK',
    },
  ];
  for (const row of tlsRows) {
    test(`TLS with ${row.name}`, async (t) => {
      const options = { upstream: { tls: row.upstream }, transport: { tls: row.transport } };
      const { transport } = await connect(t, create, { messages: [bytes('')] }, options);
      const outcome = (await outcomeOf(transport.unary(callOptions(), bytes('')))) as { code?: string };
      assert.equal(outcome.code ?? 'OK', row.code);
    });
  }

  test('TLS files that are none are told at once', () => {
    assert.throws(() => create(parseTarget('https://localhost:1'), { tls: { cert: 'no PEM', key: 'none' } }), {
      name: 'SchemaError',
      message: /^upstream https:\/\/localhost:1: tls: .*give ca, cert and key as PEM/,
    });
  });

  for (const where of ['127.0.0.1:0', 'unix:']) {
    test(`a grpc-js server at ${where}`, async (t) => {
      const address = where === 'unix:' ? `unix:${join(mkdtempSync(join(tmpdir(), 'tandem-')), 'echo.sock')}` : where;
      const upstream = await startEchoUpstream(address);
      const transport = create(parseTarget(upstream.target));
      t.after(async () => {
        await transport.close();
        await upstream.close();
      });
      const metadata: Metadata = [['x-a', '1'], ['x-b-bin', 'AAEC']]; // biome-ignore format: a table
      const trailers: Metadata = [['trailer-x-a', '1'], ['trailer-x-b-bin', 'AAEC']]; // biome-ignore format: a table
      const call = (name: string): CallOptions => callOptions({ path: `/test.Echo/${name}`, metadata });
      assert.deepEqual(await outcomeOf(transport.unary(call('Unary'), bytes('abc'))), {
        message: 'abc',
        headers: metadata,
        trailers,
      });
      const rows: readonly (readonly [string, Uint8Array | AsyncIterable<Uint8Array>, readonly string[]])[] = [
        ['ServerStream', bytes('abc'), ['a', 'b', 'c']],
        ['ClientStream', each(['a', 'b'].map(bytes)), ['ab']],
        ['Bidi', each(['a', 'b'].map(bytes)), ['a', 'b']],
      ];
      for (const [name, messages, expected] of rows) {
        const outcome = await streamOutcomeOf(transport.stream(call(name), messages));
        assert.deepEqual(outcome, { messages: expected, headers: metadata, trailers });
      }
    });
  }
}
