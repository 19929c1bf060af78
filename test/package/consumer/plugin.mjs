// The plugin in an app of one's own, by import and by require().
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import Fastify from 'fastify';
import tandem from 'tandem/fastify';
import { startUpstream } from './upstream.mjs';

const require = createRequire(import.meta.url);
assert.equal(require('tandem/fastify').default, tandem);

const upstream = await startUpstream();
const app = Fastify();
const seen = [];
app.addHook('onRequest', async (request) => seen.push(request.rpc && `${request.rpc.service}/${request.rpc.method}`));
app.get('/own', async () => 'mine');
await app.register(tandem, { protos: [process.argv[2]], upstreams: [upstream.target] });
try {
  assert.deepEqual((await app.inject('/v1/greeter/World')).json(), { message: 'World' });
  assert.equal((await app.inject('/own')).body, 'mine');
  assert.deepEqual(seen, ['example.Greeter/SayHello', undefined]);
} finally {
  await app.close();
  upstream.stop();
}
