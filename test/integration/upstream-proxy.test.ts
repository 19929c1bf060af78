/** What only @grpc/grpc-js can do is done by it, without being asked for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { SchemaError } from '../../src/schema/problem.ts';
import { createUpstream } from '../../src/upstream/create-upstream.ts';
import { parseTargets } from '../../src/upstream/target.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const path = '/test.Test/Echo';

for (const scheme of ['', 'dns:///']) {
  test(`the environment names a proxy before ${scheme}upstream.test`, { timeout: 20_000 }, async (t) => {
    const server = await startScriptedUpstream({ [path]: ({ messages }) => ({ messages }) });
    const asked: (string | undefined)[] = [];
    const proxy = createServer().listen(0, '127.0.0.1');
    proxy.on('connect', ({ url }, socket) => {
      asked.push(url);
      const onward = connect(server.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      for (const end of [socket, onward]) end.on('error', () => {});
    });
    await once(proxy, 'listening');
    process.env['grpc_proxy'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const upstream = await createUpstream({ target: parseTargets(`${scheme}upstream.test:1`) });
    t.after(async () => {
      delete process.env['grpc_proxy'];
      await upstream.transport.close(AbortSignal.abort());
      proxy.close();
      await server.close();
    });
    const deadline = performance.now() + 5000;
    const { message } = await upstream.transport.unary({ path, metadata: [], deadline }, Uint8Array.of(1, 2));
    assert.deepEqual([...message], [1, 2]);
    assert.deepEqual(asked, ['upstream.test:1']);
    const { transport, transportReason } = upstream.status;
    assert.deepEqual([transport, transportReason], ['grpc-js', 'the proxy that grpc_proxy names']);
  });
}

test('xDS without its library', async () => {
  const message = 'xDS needs the package @grpc/grpc-js-xds: npm install @grpc/grpc-js-xds';
  await assert.rejects(
    createUpstream({ target: parseTargets('xds:///api') }),
    new SchemaError([{ position: undefined, subject: 'upstream xds:///api', message }]),
  );
});
