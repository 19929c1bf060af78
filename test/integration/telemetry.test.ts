/** Spans and measures by OpenTelemetry: whichever protocol a client speaks, its context goes on to the upstream through the gateway's spans. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import {
  type Attributes,
  context,
  metrics as metricsApi,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { metrics, node, tracing } from '@opentelemetry/sdk-node';
import fastify from 'fastify';
import { pino } from 'pino';
import { WebSocket } from 'ws';
import tandem from '../../src/fastify.ts';
import { GrpcCode } from '../../src/index.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { frame, type Script, type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const spans = new tracing.InMemorySpanExporter();
new node.NodeTracerProvider({ spanProcessors: [new tracing.SimpleSpanProcessor(spans)] }).register();
const measured = new metrics.InMemoryMetricExporter(metrics.AggregationTemporality.CUMULATIVE);
const reader = new metrics.PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
metricsApi.setGlobalMeterProvider(new metrics.MeterProvider({ readers: [reader] }));

/** HelloReply with the message "hi", HelloRequest with the name "you". */
const hi = Uint8Array.of(10, 2, 104, 105);
const you = Buffer.of(10, 3, 121, 111, 117);
const traceId = '0af7651916cd43dd8448eb211c80319c';
const clientSpanId = 'b7ad6b7169203331';
const told = {
  traceparent: `00-${traceId}-${clientSpanId}-01`,
  tracestate: 'vendor=opaque',
  baggage: 'tenant=blue',
};

let upstream: ScriptedUpstream;
let server: RunningServer;
const lines: string[] = [];

before(async () => {
  upstream = await startScriptedUpstream({
    '/example.Greeter/SayHello': { messages: [hi] },
    '/example.Greeter/SayHellos': { messages: [hi, hi], code: GrpcCode.DATA_LOSS, message: 'half of it is gone' },
  });
  server = await startServer(
    {
      protos: ['test/protos/hooks.proto'],
      upstreams: [upstream.target],
      listen: { port: 0 },
      observability: { openTelemetry: true, accessLog: true },
    },
    { logger: pino({ base: null }, { write: (line) => void lines.push(line) }) },
  );
});

after(async () => {
  await server.close();
  await upstream.close();
});

interface Row {
  readonly name: string;
  readonly call: (headers: Readonly<Record<string, string>>) => Promise<unknown>;
  readonly span: string;
  readonly attributes: Attributes;
}

const ask = async (path: string, init: RequestInit): Promise<unknown> => {
  const response = await fetch(server.url + path, init);
  return response.text().catch(() => {});
};

const hello = {
  'rpc.method': 'example.Greeter/SayHello',
  'rpc.response.status_code': 'OK',
  'tandem.request.messages': 1,
  'tandem.request.bytes': 5,
  'tandem.reply.messages': 1,
  'tandem.reply.bytes': 4,
  'client.address': '127.0.0.1',
};

const rows: readonly Row[] = [
  {
    name: 'REST',
    call: (headers) => ask('/v1/hello/you?$alt=json', { headers }),
    span: 'GET /v1/hello/{name}',
    attributes: {
      ...hello,
      'http.request.method': 'GET',
      'http.route': '/v1/hello/{name}',
      'http.response.status_code': 200,
      'url.path': '/v1/hello/you',
      'url.scheme': 'http',
      'user_agent.original': 'node',
      'tandem.protocol': 'rest',
    },
  },
  {
    name: 'Connect',
    call: (headers) =>
      ask('/example.Greeter/SayHello', {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'connect-protocol-version': '1' },
        body: '{"name":"you"}',
      }),
    span: 'example.Greeter/SayHello',
    attributes: { ...hello, 'rpc.system.name': 'connectrpc', 'tandem.protocol': 'connect' },
  },
  {
    name: 'gRPC-Web',
    call: (headers) =>
      ask('/example.Greeter/SayHello', {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/grpc-web+proto' },
        body: Buffer.from(frame(you)),
      }),
    span: 'example.Greeter/SayHello',
    attributes: { ...hello, 'rpc.system.name': 'grpc', 'tandem.protocol': 'grpc-web' },
  },
  {
    name: 'gRPC',
    call: (headers) => callGrpc('/example.Greeter/SayHello', headers),
    span: 'example.Greeter/SayHello',
    attributes: { ...hello, 'rpc.system.name': 'grpc', 'tandem.protocol': 'grpc' },
  },
];

async function callGrpc(path: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  const client = new grpc.Client(new URL(server.url).host, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const bytes = (value: Buffer): Buffer => value;
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, bytes, bytes, you, metadata, (error, reply) =>
        error === null ? resolve(reply) : reject(error),
      );
    });
  } finally {
    client.close();
  }
}

/** The two spans of the call that `call` makes. */
async function spansOf(call: () => Promise<unknown>) {
  spans.reset();
  await call();
  const found = spans.getFinishedSpans();
  assert.equal(found.length, 2, found.map(({ name }) => name).join());
  const [client, own] = found as [tracing.ReadableSpan, tracing.ReadableSpan];
  return { client, own };
}

for (const { name, call, span, attributes } of rows) {
  test(`${name}: the client's context, through two spans, to the upstream`, async () => {
    const { client, own } = await spansOf(() => call(told));
    assert.deepEqual([own.name, own.kind, client.kind], [span, SpanKind.SERVER, SpanKind.CLIENT]);
    assert.equal(own.parentSpanContext?.spanId, clientSpanId);
    assert.equal(own.spanContext().traceId, traceId);
    for (const [key, value] of Object.entries(attributes)) assert.equal(own.attributes[key], value, key);
    assert.equal(client.name, 'example.Greeter/SayHello');
    assert.deepEqual(client.parentSpanContext?.spanId, own.spanContext().spanId);
    assert.deepEqual(client.attributes, {
      'rpc.system.name': 'grpc',
      'rpc.method': 'example.Greeter/SayHello',
      'rpc.response.status_code': 'OK',
      'server.address': '127.0.0.1',
      'server.port': upstream.port,
    });
    assert.equal(own.status.code, SpanStatusCode.UNSET);
    const { headers = {} } = upstream.calls.at(-1) ?? {};
    assert.deepEqual(
      { traceparent: headers['traceparent'], tracestate: headers['tracestate'], baggage: headers['baggage'] },
      { ...told, traceparent: traceparentOf(client.spanContext()) },
    );
  });
}

/** Fails so often, then answers. */
function failing(times: number): Script {
  let calls = 0;
  return () => (calls++ < times ? { code: GrpcCode.UNAVAILABLE, message: 'later' } : { messages: [hi] });
}

for (const transport of ['http2', 'grpc-js'] as const) {
  test(`${transport}: each attempt is a span, of which the upstream is told`, async (t) => {
    upstream.script('/example.Greeter/SayHello', failing(2));
    t.after(() => upstream.script('/example.Greeter/SayHello', { messages: [hi] }));
    const app = fastify();
    t.after(() => app.close());
    const retry = { maxAttempts: 3, initialBackoff: '1ms', maxBackoff: '1ms' };
    await app.register(tandem, {
      protos: ['test/protos/hooks.proto'],
      upstreams: [{ target: upstream.target, transport, retry }],
      observability: { openTelemetry: true },
    });
    spans.reset();
    const { statusCode } = await app.inject({ url: '/v1/hello/you', headers: told });
    assert.equal(statusCode, 200);
    const attempts = spans.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT);
    const own = spans.getFinishedSpans().find(({ kind }) => kind === SpanKind.SERVER);
    const { ERROR, UNSET } = SpanStatusCode;
    assert.deepEqual(
      attempts.map(({ name, status, attributes }) => [
        name,
        status.code,
        attributes['rpc.response.status_code'],
        attributes['previous-rpc-attempts'],
      ]),
      [
        ['example.Greeter/SayHello', ERROR, 'UNAVAILABLE', undefined],
        ['example.Greeter/SayHello', ERROR, 'UNAVAILABLE', 1],
        ['example.Greeter/SayHello', UNSET, 'OK', 2],
      ],
    );
    assert.deepEqual(
      new Set(attempts.map(({ parentSpanContext }) => parentSpanContext?.spanId)),
      new Set([own?.spanContext().spanId]),
    );
    assert.deepEqual(
      upstream.calls.slice(-3).map(({ headers }) => [headers['traceparent'], headers['baggage']]),
      attempts.map((span) => [traceparentOf(span.spanContext()), told.baggage]),
    );
    assert.deepEqual([own?.status.code, own?.attributes['rpc.response.status_code']], [UNSET, 'OK']);
  });
}

test('a call that is left between two attempts: the first alone has a span', async (t) => {
  const pushback = { 'grpc-retry-pushback-ms': '60000' };
  upstream.script('/example.Greeter/SayHello', { code: GrpcCode.UNAVAILABLE, message: 'later', trailers: pushback });
  t.after(() => upstream.script('/example.Greeter/SayHello', { messages: [hi] }));
  spans.reset();
  const leaving = new AbortController();
  const asked = fetch(`${server.url}/v1/hello/you`, { headers: { 'grpc-timeout': '90S' }, signal: leaving.signal });
  const [attempt] = await finished(1);
  leaving.abort();
  await assert.rejects(asked);
  const [, own] = await finished(2);
  assert.deepEqual([attempt?.kind, attempt?.attributes['rpc.response.status_code']], [SpanKind.CLIENT, 'UNAVAILABLE']);
  assert.deepEqual([own?.kind, own?.attributes['rpc.response.status_code']], [SpanKind.SERVER, 'CANCELLED']);
});

/** Spans, once there are so many. */
async function finished(count: number): Promise<readonly tracing.ReadableSpan[]> {
  while (spans.getFinishedSpans().length < count) await setImmediate();
  return spans.getFinishedSpans();
}

function traceparentOf(span: SpanContext): string {
  return `00-${span.traceId}-${span.spanId}-0${span.traceFlags}`;
}

/** The last line with a message, which may be written after the client has its answer. */
async function lineOf(message: string): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const line = lines.map((each) => JSON.parse(each)).findLast(({ msg }) => msg === message);
    if (line !== undefined) return line;
    await setImmediate();
  }
}

test('a call without context begins a trace, which the log names', async () => {
  const { client, own } = await spansOf(() => ask('/v1/hello/you', {}));
  assert.equal(own.parentSpanContext, undefined);
  assert.equal(upstream.calls.at(-1)?.headers['traceparent'], traceparentOf(client.spanContext()));
  const line = await lineOf('call');
  assert.equal(line['traceId'], own.spanContext().traceId);
});

test('a context that is none is not passed on', async () => {
  const headers = { traceparent: '00-0-0-00', tracestate: 'vendor=opaque', baggage: ';;;' };
  await spansOf(() => ask('/v1/hello/you', { headers }));
  const { headers: sent = {} } = upstream.calls.at(-1) ?? {};
  assert.match(String(sent['traceparent']), /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  assert.deepEqual([sent['tracestate'], sent['baggage']], [undefined, undefined]);
});

test('a stream that fails after its first message: 200, counts, an error, and its line', async () => {
  const { client, own } = await spansOf(() => ask('/v1/hellos/you', {}));
  const { attributes } = own;
  assert.deepEqual(
    ['http.response.status_code', 'rpc.response.status_code', 'error.type', 'tandem.reply.messages'].map(
      (key) => attributes[key],
    ),
    [200, 'DATA_LOSS', 'DATA_LOSS', 2],
  );
  for (const { status } of [own, client]) {
    assert.deepEqual(status, { code: SpanStatusCode.ERROR, message: 'half of it is gone' });
  }
  const line = await lineOf('half of it is gone');
  assert.equal(line['traceId'], own.spanContext().traceId);
});

test('a reply that cannot be rendered is not the failure of the upstream', async (t) => {
  upstream.script('/example.Greeter/SayHello', { messages: [Uint8Array.of(10, 1, 0xff)] });
  t.after(() => upstream.script('/example.Greeter/SayHello', { messages: [hi] }));
  const { client, own } = await spansOf(() => ask('/v1/hello/you', {}));
  assert.deepEqual([own.status.code, client.status.code], [SpanStatusCode.ERROR, SpanStatusCode.UNSET]);
  assert.deepEqual([client.attributes['rpc.response.status_code'], client.attributes['error.type']], ['OK', undefined]);
});

test('WebSocket', async () => {
  const callBy = (headers: Readonly<Record<string, string>>) =>
    spansOf(async () => {
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/v1/hellos/you`, { headers });
      await once(socket, 'close');
    });
  const { own } = await callBy(told);
  assert.deepEqual([own.name, own.attributes['tandem.protocol']], ['GET /v1/hellos/{name}', 'websocket']);
  assert.equal(own.parentSpanContext?.spanId, clientSpanId);
  lines.length = 0;
  const { own: first } = await callBy({});
  assert.equal((await lineOf('half of it is gone'))['traceId'], first.spanContext().traceId);
});

test('what the client does wrong has no call to the upstream, and is no error of the server', async () => {
  spans.reset();
  await ask('/v1/hello/you?nonsense.x[=1', { headers: { 'x-data-bin': '*' } });
  const [own, ...others] = spans.getFinishedSpans();
  assert.deepEqual(others, []);
  assert.equal(own?.attributes['http.response.status_code'], 400);
  assert.equal(own?.attributes['rpc.response.status_code'], 'INVALID_ARGUMENT');
  assert.deepEqual([own?.status.code, own?.attributes['error.type']], [SpanStatusCode.UNSET, undefined]);
});

interface Uncalled {
  readonly name: string;
  readonly call: (headers: Readonly<Record<string, string>>) => Promise<unknown>;
  readonly span: string;
  readonly attributes: Attributes;
  readonly status?: SpanStatusCode;
}

const http = { 'client.address': '127.0.0.1', 'tandem.protocol': 'rest', 'url.scheme': 'http' };
const unknownMethod = {
  'client.address': '127.0.0.1',
  'error.type': 'UNIMPLEMENTED',
  'rpc.method': '_OTHER',
  'rpc.method_original': 'example.Greeter/Nothing',
  'rpc.response.status_code': 'UNIMPLEMENTED',
};

const uncalled: readonly Uncalled[] = [
  {
    name: 'no rule',
    call: (headers) => ask('/nothing?key=secret', { headers }),
    span: 'GET',
    attributes: { ...http, 'http.request.method': 'GET', 'http.response.status_code': 404, 'url.path': '/nothing' },
  },
  {
    name: 'another method',
    call: (headers) => ask('/v1/hello/you', { method: 'DELETE', headers }),
    span: 'DELETE',
    attributes: {
      ...http,
      'http.request.method': 'DELETE',
      'http.response.status_code': 405,
      'url.path': '/v1/hello/you',
    },
  },
  {
    name: 'a method that no convention names',
    call: (headers) => ask('/nothing', { method: 'PURGE', headers }),
    span: 'HTTP',
    attributes: {
      ...http,
      'http.request.method': '_OTHER',
      'http.request.method_original': 'PURGE',
      'http.response.status_code': 404,
      'url.path': '/nothing',
    },
  },
  {
    name: 'a path that cannot be decoded',
    call: (headers) => ask('/v1/hello/%zz', { headers }),
    span: 'GET',
    attributes: {
      ...http,
      'http.request.method': 'GET',
      'http.response.status_code': 400,
      'url.path': '/v1/hello/%zz',
    },
  },
  {
    name: 'gRPC of no method',
    call: (headers) => callGrpc('/example.Greeter/Nothing', headers).catch(() => {}),
    span: 'grpc',
    attributes: { ...unknownMethod, 'rpc.system.name': 'grpc', 'tandem.protocol': 'grpc' },
    status: SpanStatusCode.ERROR,
  },
  {
    name: 'Connect of no method',
    call: (headers) =>
      ask('/example.Greeter/Nothing', {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/proto', 'connect-protocol-version': '1' },
      }),
    span: 'connectrpc',
    attributes: { ...unknownMethod, 'rpc.system.name': 'connectrpc', 'tandem.protocol': 'connect' },
    status: SpanStatusCode.ERROR,
  },
];

for (const [index, { name, call, span, attributes, status = SpanStatusCode.UNSET }] of uncalled.entries()) {
  test(`${name}: a span without a method, named in the log`, async () => {
    spans.reset();
    const ownTrace = `${index + 1}`.repeat(32);
    await call({ ...told, traceparent: `00-${ownTrace}-${clientSpanId}-01` });
    const [own, ...others] = spans.getFinishedSpans();
    assert.deepEqual([own?.name, own?.kind, others], [span, SpanKind.SERVER, []]);
    const { 'user_agent.original': agent, ...known } = own?.attributes ?? {};
    assert.deepEqual(known, attributes);
    assert.notEqual(agent, undefined);
    assert.deepEqual([own?.parentSpanContext?.spanId, own?.status.code], [clientSpanId, status]);
    assert.ok(lines.some((line) => JSON.parse(line).traceId === ownTrace));
  });
}

test('below a span that the app has begun, one of its inside', async (t) => {
  const app = fastify();
  t.after(() => app.close());
  const begun = trace.getTracer('app').startSpan('request');
  app.addHook('onRequest', (_request, _reply, done) => context.with(trace.setSpan(context.active(), begun), done));
  await app.register(tandem, {
    protos: ['test/protos/hooks.proto'],
    upstreams: [upstream.target],
    observability: { openTelemetry: true },
  });
  const { own } = await spansOf(() => app.inject({ url: '/v1/hello/you', headers: told }));
  assert.deepEqual([own.kind, own.parentSpanContext?.spanId], [SpanKind.INTERNAL, begun.spanContext().spanId]);
});

test('measures', async () => {
  const before = await counts();
  await ask('/v1/hello/you', {});
  const now = await counts();
  const grown = Object.keys(now).filter((name) => now[name] === (before[name] ?? 0) + 1);
  assert.deepEqual(grown.toSorted(), [
    'http.server.request.duration',
    'rpc.client.call.duration',
    'rpc.server.call.duration',
    'tandem.transcode.duration',
  ]);
});

async function counts(): Promise<Readonly<Record<string, number>>> {
  await reader.forceFlush();
  const all =
    measured
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  return Object.fromEntries(
    all.map(({ descriptor, dataPoints }) => [
      descriptor.name,
      dataPoints.reduce((sum, { value }) => sum + (value as { readonly count: number }).count, 0),
    ]),
  );
}
