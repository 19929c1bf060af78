/** `tandem serve` as docs/observability.md says, with examples/opentelemetry: a collector gets spans and measures by OTLP. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { startEchoUpstream } from '../upstreams/echo-upstream.ts';
import { serve } from './served-process.ts';

const register = `--import=${resolve('examples/opentelemetry/otel.mjs')}`;
const args = ['--proto', 'test/protos/echo.proto', '--upstream'];

/** What was posted, by path. */
async function startCollector(t: TestContext) {
  const posted: { readonly path: string | undefined; readonly body: string }[] = [];
  const server = createServer(async (request, response) => {
    posted.push({ path: request.url, body: await text(request) });
    response.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posted };
}

interface OtlpSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
}

test('a call becomes a trace in the collector, that of the upstream too', async (t) => {
  const collector = await startCollector(t);
  const upstream = await startEchoUpstream();
  t.after(() => upstream.close());
  const { url, child, exit } = await serve(t, [...args, upstream.target], {
    env: {
      NODE_OPTIONS: register,
      TANDEM_OBSERVABILITY__OPEN_TELEMETRY: 'true',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_SERVICE_NAME: 'gateway-under-test',
    },
  });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const response = await fetch(`${url}/v1/echo`, {
    method: 'POST',
    headers: { traceparent, 'content-type': 'application/json' },
    body: '{"data":"aGk="}',
  });
  assert.deepEqual(await response.json(), { data: 'aGk=' });
  child.kill('SIGTERM');
  assert.equal(await exit, 0);
  const bodies = (path: string): string[] => collector.posted.filter((one) => one.path === path).map((one) => one.body);
  assert.match(bodies('/v1/traces').join(), /gateway-under-test/);
  const spans: OtlpSpan[] = bodies('/v1/traces').flatMap((body) =>
    JSON.parse(body).resourceSpans.flatMap((resource: { scopeSpans: { spans: OtlpSpan[] }[] }) =>
      resource.scopeSpans.flatMap((scope) => scope.spans),
    ),
  );
  const server = spans.find(({ parentSpanId }) => parentSpanId === 'b7ad6b7169203331');
  const client = spans.find(({ parentSpanId }) => parentSpanId === server?.spanId);
  assert.deepEqual([server?.name, server?.kind], ['POST /v1/echo', 2]);
  assert.deepEqual([client?.name, client?.kind], ['test.Echo/Unary', 3]);
  assert.deepEqual(upstream.received[0]?.get('traceparent'), [`00-${client?.traceId}-${client?.spanId}-01`]);
  assert.match(bodies('/v1/metrics').join(), /"rpc\.server\.call\.duration"/);
});

test('on, but without an SDK: a warning that says what to do, and the context passes as it came', async (t) => {
  const upstream = await startEchoUpstream();
  t.after(() => upstream.close());
  const env = { TANDEM_OBSERVABILITY__OPEN_TELEMETRY: 'true' };
  const { url, stderrLine } = await serve(t, [...args, upstream.target], { env });
  assert.match(await stderrLine(/TANDEM_OPEN_TELEMETRY/), /start Node with --import and a module that does/);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const response = await fetch(`${url}/v1/echo`, { method: 'POST', headers: { traceparent } });
  assert.equal(response.status, 200);
  assert.deepEqual(upstream.received[0]?.get('traceparent'), [traceparent]);
});
