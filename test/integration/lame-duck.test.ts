/** `limits.lameDuck`: a server that is about to end serves on, and asks its clients to leave. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { startDemo } from '../../src/demo/start-demo.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';

async function start(t: TestContext, lameDuck: string): Promise<RunningServer> {
  const demo = await startDemo();
  const server = await startServer({
    protos: ['protos/example'],
    upstreams: [demo.target],
    listen: { port: 0 },
    limits: { lameDuck, drain: '500ms' },
  });
  t.after(async () => {
    await server.close();
    await demo.close();
  });
  return server;
}

const hello = '/v1/greeter/x';

test('HTTP/1.1: calls go on over connections old and new, each the last of its connection', async (t) => {
  const { url, close } = await start(t, '300ms');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (path: string, through: Agent): Promise<readonly [number | undefined, string | undefined]> => {
    const [reply] = (await once(get(url + path, { agent: through }), 'response')) as [IncomingMessage];
    await once(reply.resume(), 'end');
    return [reply.statusCode, reply.headers.connection];
  };
  assert.deepEqual(await ask(hello, agent), [200, 'keep-alive']);
  const closed = close();
  assert.deepEqual(await ask(hello, agent), [200, 'close']);
  assert.deepEqual(await ask(hello, new Agent({ keepAlive: true })), [200, 'close']);
  assert.deepEqual(await ask('/readyz', agent), [503, 'close']);
  await closed;
  await assert.rejects(ask(hello, agent), { code: 'ECONNREFUSED' });
});

test('HTTP/2: open connections get GOAWAY, new ones are served', async (t) => {
  const { url, close } = await start(t, '300ms');
  const statusOf = async (session: ClientHttp2Session): Promise<number> => {
    const [headers] = await once(session.request({ ':path': hello }).resume(), 'response');
    return headers[':status'];
  };
  const session = connect(url);
  assert.equal(await statusOf(session), 200);
  const left = once(session, 'goaway');
  const closed = close();
  assert.equal((await left)[0], 0);
  const another = connect(url);
  assert.equal(await statusOf(another), 200);
  await Promise.all([closed, once(another, 'close')]);
});
