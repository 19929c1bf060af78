/** The hooks of an RPC: what each may see, change and refuse. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fastify, { type FastifyInstance } from 'fastify';
import type { RpcHooks } from '../../src/fastify.ts';
import { tandem } from '../../src/fastify.ts';
import { GrpcCode, StatusError } from '../../src/index.ts';
import { type Script, type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const sayHello = '/example.Greeter/SayHello';
const sayHellos = '/example.Greeter/SayHellos';
/** HelloReply with the message "hi". */
const hi = Uint8Array.of(10, 2, 104, 105);
const notText = Uint8Array.of(10, 1, 0xff);

async function start(
  t: TestContext,
  hooks: readonly RpcHooks[],
  scripts: Record<string, Script> = { [sayHello]: { messages: [hi] }, [sayHellos]: { messages: [hi, hi] } },
): Promise<{ app: FastifyInstance; upstream: ScriptedUpstream }> {
  const upstream = await startScriptedUpstream(scripts);
  const app = fastify();
  t.after(async () => {
    await app.close();
    await upstream.close();
  });
  await app.register(tandem, { protos: ['test/protos/hooks.proto'], upstreams: [upstream.target], hooks });
  return { app, upstream };
}

/** Notes what is called, in order. */
function recorder(name = ''): { readonly hooks: RpcHooks; readonly seen: string[] } {
  const seen: string[] = [];
  const hex = (message: Uint8Array): string => Buffer.from(message).toString('hex');
  const hooks: RpcHooks = {
    beforeBind: ({ protocol, method, binding, client }) => {
      seen.push(`${name}bind ${protocol} ${method.fullName} ${binding?.httpMethod} ${client?.address}`);
    },
    beforeSend: (_rpc, { metadata }) => void seen.push(`${name}send ${JSON.stringify(metadata)}`),
    onRequestMessage: (_rpc, message) => void seen.push(`${name}request ${hex(message)}`),
    onReply: () => void seen.push(`${name}reply`),
    onReplyMessage: (_rpc, message) => void seen.push(`${name}message ${hex(message)}`),
    onError: (_rpc, error) => {
      seen.push(`${name}error ${error.codeName}`);
      return undefined;
    },
    onEnd: (_rpc, outcome) => {
      const { error, durationMs, httpStatus, requestMessages, requestBytes, replyMessages, replyBytes } = outcome;
      const numbers = [httpStatus, requestMessages, requestBytes, replyMessages, replyBytes];
      assert.ok(durationMs >= 0);
      seen.push(`${name}end ${error?.codeName ?? 'OK'} ${numbers.join(' ')}`);
    },
  };
  return { hooks, seen };
}

const greeting = 'bind rest example.Greeter.SayHello GET 127.0.0.1';

test('one reply: every hook once, in the order of the call', async (t) => {
  const { hooks, seen } = recorder();
  const { app } = await start(t, [hooks]);
  assert.equal((await app.inject('/v1/hello/you')).statusCode, 200);
  assert.deepEqual(seen, [
    greeting,
    'send []',
    'request 0a03796f75',
    'reply',
    'message 0a026869',
    'end OK 200 1 5 1 4',
  ]);
});

test('a stream of replies: a message each, and the end when the call has ended', async (t) => {
  const { hooks, seen } = recorder();
  const { app } = await start(t, [hooks]);
  const { body } = await app.inject('/v1/hellos/you');
  assert.deepEqual(JSON.parse(body), [{ message: 'hi' }, { message: 'hi' }]);
  const messages = ['message 0a026869', 'message 0a026869'];
  const bound = 'bind rest example.Greeter.SayHellos GET 127.0.0.1';
  assert.deepEqual(seen.toSorted(), [
    bound,
    'end OK 200 1 5 2 8',
    ...messages,
    'reply',
    'request 0a03796f75',
    'send []',
  ]);
});

test('several hooks run in the order in which they were added, also behind the app’s registration', async (t) => {
  const [first, second] = [recorder('1 '), recorder('2 ')];
  const seen: string[] = [];
  const { app } = await start(t, [{ beforeBind: () => void seen.push('first') }, first.hooks]);
  app.tandem.addHooks(second.hooks);
  app.tandem.addHooks({ beforeBind: () => void seen.push('last') });
  await app.inject('/v1/hello/you');
  assert.deepEqual(seen, ['first', 'last']);
  assert.deepEqual([first.seen.length, second.seen.length], [6, 6]);
});

const refused = { code: 7, message: 'not you', details: [] };
const forbid = (): never => {
  throw new StatusError(GrpcCode.PERMISSION_DENIED, 'not you');
};

for (const name of ['beforeBind', 'beforeSend', 'onRequestMessage', 'onReply', 'onReplyMessage'] as const) {
  for (const url of ['/v1/hello/you', '/v1/hellos/you']) {
    test(`${name} refuses ${url}`, async (t) => {
      const { hooks, seen } = recorder();
      const { app, upstream } = await start(t, [{ [name]: forbid }, hooks]);
      const reply = await app.inject(url);
      const isBegun = name === 'onReply' || name === 'onReplyMessage';
      assert.deepEqual([reply.statusCode, reply.json()], [403, refused]);
      assert.deepEqual(
        seen.filter((line) => line.startsWith('error')),
        ['error PERMISSION_DENIED'],
      );
      assert.match(seen.at(-1) ?? '', /^end PERMISSION_DENIED/);
      if (!isBegun) assert.equal(upstream.calls.length, 0);
    });
  }
}

test('what is no StatusError tells nothing of the inside', async (t) => {
  const { app } = await start(t, [{ beforeBind: () => Promise.reject(new Error('a secret')) }]);
  const reply = await app.inject('/v1/hello/you');
  assert.deepEqual([reply.statusCode, reply.json()], [500, { code: 13, message: 'internal error', details: [] }]);
});

test('beforeSend sets metadata and brings the deadline forward, onReply sets headers', async (t) => {
  const { app, upstream } = await start(t, [
    {
      beforeSend: (rpc, call) => {
        call.metadata = [...call.metadata, ['x-caller', String(rpc.values.get('caller'))]];
        call.deadline = performance.now() + 900;
      },
      onReply: (_rpc, reply) => {
        reply.headers = [...reply.headers, ['x-served-by', 'tandem']];
      },
      beforeBind: (rpc) => void rpc.values.set('caller', 'ann'),
    },
  ]);
  for (const url of ['/v1/hello/you', '/v1/hellos/you']) {
    assert.equal((await app.inject(url)).headers['x-served-by'], 'tandem');
  }
  assert.deepEqual(
    upstream.calls.map(({ headers }) => headers['x-caller']),
    ['ann', 'ann'],
  );
  assert.ok(upstream.calls.every(({ timeoutMs = 0 }) => timeoutMs > 0 && timeoutMs <= 900));
});

test('onError gives another error, also in mid-stream', async (t) => {
  const onError: RpcHooks['onError'] = (_rpc, error) =>
    new StatusError(GrpcCode.ABORTED, `was ${error.codeName}`, { cause: error });
  const { app } = await start(t, [{ onError }], {
    [sayHello]: { code: 5, message: 'none' },
    [sayHellos]: { messages: [hi, notText] },
  });
  const one = await app.inject('/v1/hello/you');
  assert.deepEqual([one.statusCode, one.json()], [409, { code: 10, message: 'was NOT_FOUND', details: [] }]);
  const [, last] = (await app.inject('/v1/hellos/you')).json();
  assert.deepEqual(last, { error: { code: 10, message: 'was INTERNAL', details: [] } });
});

test('requests that no rule has, and a bound field that is wrong', async (t) => {
  const { hooks, seen } = recorder();
  const { app } = await start(t, [hooks]);
  await app.inject('/nothing');
  assert.deepEqual(seen, []);
  await app.inject('/v1/hello/you?color=red');
  assert.deepEqual(seen, [greeting, 'error INVALID_ARGUMENT', 'end INVALID_ARGUMENT 400 0 0 0 0']);
});

test('a hook that fails at the end fails nothing, but warns', async (t) => {
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
  const fail = (): never => {
    throw new Error('broken hook');
  };
  const { app } = await start(t, [{ onEnd: fail }]);
  assert.equal((await app.inject('/v1/hello/you')).statusCode, 200);
  assert.equal((await warned).message, 'broken hook');
});
