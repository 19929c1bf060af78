/** The plugin inside somebody's own app. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fastify, { type FastifyInstance } from 'fastify';
import { SchemaError } from '../../src/schema/problem.ts';
import { tandem } from '../../src/server/plugin.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { sendRaw } from './send-raw.ts';

const sayHello = '/example.Greeter/SayHello';
/** HelloReply with the message "hi". */
const hi = { messages: [Uint8Array.of(10, 2, 104, 105)] };
const protos = ['protos/example/greeter.proto'];

/** An app of its own with what `build` registers, and an upstream that says hi; both closed after the test. */
async function start(
  t: TestContext,
  build: (app: FastifyInstance, upstream: ScriptedUpstream) => Promise<unknown> | unknown,
): Promise<{ app: FastifyInstance; upstream: ScriptedUpstream }> {
  const upstream = await startScriptedUpstream({ [sayHello]: hi });
  const app = fastify();
  t.after(async () => {
    await app.close();
    await upstream.close();
  });
  await build(app, upstream);
  await app.ready();
  return { app, upstream };
}

const answerOf = async (app: FastifyInstance, method: 'GET' | 'POST', url: string, payload?: object) => {
  const reply = await app.inject({ method, url, ...(payload && { payload }) });
  return [reply.statusCode, reply.json()];
};

test("the app's own routes stand beside the rules, even below their first segment", async (t) => {
  const { app } = await start(t, async (app, upstream) => {
    app.get('/own', () => ({ own: true }));
    app.get('/v1/greeter/me', () => ({ own: 'greeter' }));
    app.post('/own', (request) => request.body);
    await app.register(tandem, { protos, upstreams: [upstream.target] });
  });
  assert.deepEqual(await answerOf(app, 'GET', '/v1/greeter/you'), [200, { message: 'hi' }]);
  assert.deepEqual(await answerOf(app, 'POST', '/v1/greeter', { name: 'you' }), [200, { message: 'hi' }]);
  assert.deepEqual(await answerOf(app, 'GET', '/own'), [200, { own: true }]);
  assert.deepEqual(await answerOf(app, 'GET', '/v1/greeter/me'), [200, { own: 'greeter' }]);
  assert.deepEqual(await answerOf(app, 'POST', '/own', { a: 1 }), [200, { a: 1 }]);
});

test("the app's own not-found and error handlers stay its own; a wrong method on a rule's path is ours", async (t) => {
  const { app } = await start(t, async (app, upstream) => {
    app.setNotFoundHandler((_request, reply) => reply.code(404).send({ own: 'nothing' }));
    app.setErrorHandler((_error, _request, reply) => reply.code(500).send({ own: 'failed' }));
    app.get('/fails', () => {
      throw new Error('own');
    });
    await app.register(tandem, { protos, upstreams: [upstream.target] });
  });
  assert.deepEqual(await answerOf(app, 'GET', '/nothing'), [404, { own: 'nothing' }]);
  assert.deepEqual(await answerOf(app, 'GET', '/v1/nothing'), [404, { own: 'nothing' }]);
  assert.deepEqual(await answerOf(app, 'GET', '/fails'), [500, { own: 'failed' }]);
  const [status, body] = await answerOf(app, 'POST', '/v1/greeter/you');
  assert.deepEqual([status, body.code], [405, 12]);
});

test('hooks see the RPC, and what they refuse is answered as a Status', async (t) => {
  const seen: unknown[] = [];
  const { app, upstream } = await start(t, async (app, upstream) => {
    app.get('/own', () => ({}));
    app.addHook('onRequest', async ({ rpc, headers }) => {
      seen.push(rpc && `${rpc.service}/${rpc.method} ${rpc.binding?.httpMethod} ${rpc.binding?.path}`);
      if (headers['x-refuse']) throw Object.assign(new Error('not you'), { statusCode: 403 });
    });
    await app.register(tandem, { protos, upstreams: [upstream.target] });
  });
  await app.inject('/v1/greeter/you');
  await app.inject('/own');
  const refused = await app.inject({ url: '/v1/greeter/you', headers: { 'x-refuse': '1' } });
  assert.deepEqual([refused.statusCode, refused.json()], [403, { code: 7, message: 'not you', details: [] }]);
  const rpc = 'example.Greeter/SayHello GET /v1/greeter/{name}';
  assert.deepEqual(seen, [rpc, undefined, rpc]);
  assert.equal(upstream.calls.length, 1);
});

const prefixes: readonly {
  readonly name: string;
  readonly target: string;
  readonly register: (app: FastifyInstance, options: { protos: string[]; upstreams: string[] }) => unknown;
}[] = [
  {
    name: 'its own',
    target: '/api/v1/greeter/a%2Fb',
    register: (app, options) => app.register(tandem, { ...options, prefix: '/api' }),
  },
  {
    name: "the scope's",
    target: '/a/b/v1/greeter/a%2Fb',
    register: (app, options) => app.register(async (scope) => void scope.register(tandem, options), { prefix: '/a/b' }),
  },
  {
    name: 'both',
    target: '/a/b/v1/greeter/a%2Fb?',
    register: (app, options) =>
      app.register(async (scope) => void scope.register(tandem, { ...options, prefix: '/b' }), { prefix: '/a' }),
  },
  {
    name: 'one with a parameter',
    target: '/tenant/v1/greeter/a%2Fb',
    register: (app, options) => app.register(tandem, { ...options, prefix: '/:tenant' }),
  },
  {
    name: 'one that the request escapes',
    target: '/%61pi/v1/greeter/a%2Fb',
    register: (app, options) => app.register(tandem, { ...options, prefix: '/api' }),
  },
  {
    name: 'of a target in absolute form',
    target: 'http://example.com/api/v1/greeter/a%2Fb',
    register: (app, options) => app.register(tandem, { ...options, prefix: '/api' }),
  },
];

for (const { name, target, register } of prefixes) {
  test(`a prefix: ${name}`, async (t) => {
    const { app, upstream } = await start(t, (app, { target }) => {
      register(app, { protos: [...protos], upstreams: [target] });
    });
    const url = await app.listen();
    const reply = await sendRaw(url, { method: 'GET', target });
    assert.deepEqual([reply.status, reply.body.toString()], [200, '{"message":"hi"}']);
    assert.deepEqual(Buffer.from(upstream.calls[0]?.messages[0] ?? []), Buffer.from('\n\x03a/b'));
    assert.equal((await sendRaw(url, { method: 'GET', target: '/v1/greeter/you' })).status, 404);
  });
}

test('two gateways in one app', async (t) => {
  const other = await startScriptedUpstream({ [sayHello]: { messages: [Uint8Array.of(10, 2, 111, 111)] } });
  t.after(() => other.close());
  const { app, upstream } = await start(t, async (app, upstream) => {
    await app.register(tandem, { protos, upstreams: [upstream.target], prefix: '/one' });
    await app.register(tandem, { protos, upstreams: [other.target], prefix: '/two' });
  });
  assert.deepEqual(await answerOf(app, 'GET', '/one/v1/greeter/a'), [200, { message: 'hi' }]);
  assert.deepEqual(await answerOf(app, 'GET', '/two/v1/greeter/a'), [200, { message: 'oo' }]);
  assert.equal(app.tandem.readiness().upstreams[0]?.target, upstream.target);
});

test('wrong options reject the registration with every problem', async () => {
  const app = fastify();
  const options = { protos, upstream: ['127.0.0.1:1'], limits: { bodyBytes: 'much' } };
  await assert.rejects(
    async () => app.register(tandem, options as never),
    (error) => error instanceof SchemaError && error.problems.length === 2,
  );
  await app.close().catch(() => {});
});
