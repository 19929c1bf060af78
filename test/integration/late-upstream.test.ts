/** An upstream that describes itself, and is not there when the gateway starts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDemo } from '../../src/demo/start-demo.ts';
import { startServer } from '../../src/server/start-server.ts';

test('the gateway starts unready, and serves as soon as the upstream tells what it has', async (t) => {
  const first = await startDemo();
  const port = Number(first.target.split(':')[1]);
  await first.close();
  const server = await startServer({
    reflect: true,
    upstreams: [first.target],
    listen: { host: '127.0.0.1', port: 0 },
  });
  t.after(() => server.close());
  const get = (path: string): Promise<Response> => fetch(server.url + path);

  assert.equal((await get('/readyz')).status, 503);
  const early = await get('/v1/greeter/World');
  assert.equal(early.status, 503);
  assert.match(await early.text(), /has not yet told what it serves/);

  const reloaded = new Promise((resolve) => server.gateway.onReload(resolve));
  const second = await startDemo(port);
  t.after(() => second.close());
  await reloaded;
  assert.deepEqual(await (await get('/v1/greeter/World')).json(), { message: 'Hello World' });
  assert.equal((await get('/readyz')).status, 200);
});
