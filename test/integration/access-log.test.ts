/** The access log: what a line says of a call, and what none may say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { startServer } from '../../src/server/start-server.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

test('a line for each call, without anything secret', async (t) => {
  const upstream = await startScriptedUpstream({
    '/example.Greeter/SayHello': { messages: [Uint8Array.of(10, 2, 104, 105)] },
  });
  t.after(() => upstream.close());
  const lines: string[] = [];
  const { url, close } = await startServer(
    {
      protos: ['test/protos/hooks.proto'],
      upstreams: [upstream.target],
      listen: { port: 0 },
      observability: { accessLog: true },
    },
    { logger: pino({ base: null }, { write: (line) => void lines.push(line) }) },
  );
  t.after(close);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const response = await fetch(`${url}/v1/hello/canary-name`, {
    headers: {
      authorization: 'Bearer canary-token',
      cookie: 'id=canary-cookie',
      'x-api-key': 'canary-key',
      'user-agent': 'agent/1',
      'x-request-id': 'request-7',
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    },
  });
  assert.equal(response.status, 200);
  const calls = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'call');
  assert.equal(calls.length, 1);
  const { durationMs, upstreamMs, ...line } = calls[0];
  assert.ok(durationMs >= upstreamMs && upstreamMs > 0);
  const expected = {
    rpc: 'example.Greeter.SayHello',
    code: 'OK',
    protocol: 'rest',
    httpMethod: 'GET',
    route: '/v1/hello/{name}',
    httpStatus: 200,
    requestBytes: 13,
    replyBytes: 4,
    client: '127.0.0.1',
    userAgent: 'agent/1',
    requestId: 'request-7',
    traceId,
  };
  for (const [key, value] of Object.entries(expected)) assert.equal(line[key], value, key);
  assert.doesNotMatch(lines.join(''), /canary/);
});
