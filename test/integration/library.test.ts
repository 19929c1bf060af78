/** The gateway as a library, without HTTP. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createGateway, type Gateway, SchemaError } from '../../src/index.ts';
import type { HttpRequest } from '../../src/transcode/exchange.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const sayHello = '/example.Greeter/SayHello';
const protos = ['protos/example/greeter.proto'];

async function start(t: TestContext): Promise<Gateway> {
  const upstream = await startScriptedUpstream({ [sayHello]: { messages: [Uint8Array.of(10, 2, 104, 105)] } });
  const gateway = await createGateway({ protos, upstreams: [upstream.target] });
  t.after(async () => {
    await gateway.close();
    await upstream.close();
  });
  return gateway;
}

async function ask(gateway: Gateway, method: string, target: string, body = ''): Promise<unknown> {
  const request: HttpRequest = { method, target, headers: {}, body: Buffer.from(body) };
  const { reply, error } = await gateway.answer(
    gateway.match(method, target, {}),
    request,
    new AbortController().signal,
  );
  assert.ok('body' in reply);
  return [reply.status, JSON.parse(Buffer.from(reply.body).toString()), error?.codeName];
}

test('a request as plain data to its answer', async (t) => {
  const gateway = await start(t);
  assert.deepEqual(await ask(gateway, 'GET', '/v1/greeter/you'), [200, { message: 'hi' }, undefined]);
  assert.deepEqual(await ask(gateway, 'POST', '/v1/greeter', '{"name":"you"}'), [200, { message: 'hi' }, undefined]);
});

test('failures are answers that say why', async (t) => {
  const gateway = await start(t);
  const [status, body, code] = (await ask(gateway, 'GET', '/v1/greeter/you?color=red')) as [number, object, string];
  assert.deepEqual([status, Reflect.get(body, 'code'), code], [400, 3, 'INVALID_ARGUMENT']);
  const missing = { code: 5, message: 'no rule serves GET /nothing', details: [] };
  assert.deepEqual(await ask(gateway, 'GET', '/nothing'), [404, missing, 'NOT_FOUND']);
});

test('closed, it calls nobody', async (t) => {
  const gateway = await start(t);
  await gateway.close();
  const [status] = (await ask(gateway, 'GET', '/v1/greeter/you')) as [number];
  assert.deepEqual([status, gateway.readiness().isReady], [503, false]);
});

test("the caller's options are neither changed nor kept", async () => {
  const options = { protos: [...protos], upstreams: ['127.0.0.1:1'], transcoding: { json: { indent: 1 } } };
  const copy = structuredClone(options);
  const gateway = await createGateway(options);
  assert.deepEqual(options, copy);
  options.transcoding.json.indent = 5;
  assert.equal(gateway.options.transcoding.json.indent, 1);
  await gateway.close();
});

test('wrong options reject with every problem', async () => {
  const wrong = createGateway({ protos: ['nowhere'], upstreams: ['127.0.0.1:1'], rules: ['nowhere.yaml'] });
  await assert.rejects(wrong, SchemaError);
});
