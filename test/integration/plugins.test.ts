/** Hooks from modules that the configuration names. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startDemo } from '../../src/demo/start-demo.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { startServer } from '../../src/server/start-server.ts';
import { serve, temporaryFolder } from './served-process.ts';

async function demoTarget(t: TestContext): Promise<string> {
  const demo = await startDemo();
  t.after(() => demo.close());
  return demo.target;
}

test('the example asks for a reason to delete, and writes down who did', async (t) => {
  const running = await serve(t, ['--config', 'examples/plugins/tandem.yaml'], {
    env: { LIBRARY: await demoTarget(t) },
  });
  const remove = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${running.url}/v1/shelves/fiction/books/moby-dick`, { method: 'DELETE', headers });
  const refused = await remove({});
  assert.deepEqual(
    [refused.status, await refused.json()],
    [400, { code: 9, message: 'say why in X-Reason', details: [] }],
  );
  assert.equal((await remove({ 'x-reason': 'worn out' })).status, 200);
  const lines = await running.stderrLines(/^\{"audit"/, 2);
  assert.deepEqual(
    lines.map((line) => ({ ...JSON.parse(line), ms: 0 })),
    ['FAILED_PRECONDITION', 'OK'].map((outcome) => ({
      audit: 'example.library.v1.Library.DeleteBook',
      target: '/v1/shelves/fiction/books/moby-dick',
      by: '127.0.0.1',
      outcome,
      ms: 0,
    })),
  );
});

/** A plugin that gives each reply a header. */
const withHeader = (value: string): string =>
  `export default (options) => ({ onReply(rpc, reply) {
    reply.headers = [...reply.headers, ['x-plugin', '${value} ' + options.limits.jsonDepth]];
  } });`;

test('a reload brings the changed module and the changed options; a wrong one is refused', async (t) => {
  const file = join(temporaryFolder(t), 'plugin.mjs');
  writeFileSync(file, withHeader('one'));
  const options = {
    protos: ['protos/example'],
    upstreams: [await demoTarget(t)],
    plugins: [file],
    transcoding: { metadata: { responseHeaders: ['x-plugin'] } },
    listen: { host: '127.0.0.1', port: 0 },
  };
  const server = await startServer(options);
  t.after(() => server.close());
  const header = async (): Promise<string | null> =>
    (await fetch(`${server.url}/v1/greeter/x`)).headers.get('x-plugin');
  assert.equal(await header(), 'one 100');
  writeFileSync(file, withHeader('two'));
  await server.gateway.reload({ ...options, limits: { jsonDepth: 7 } });
  assert.equal(await header(), 'two 7');
  writeFileSync(file, 'export default {');
  await assert.rejects(server.gateway.reload(), { name: 'SchemaError', message: /^plugins\[0\]: .*: SyntaxError: / });
  assert.equal(await header(), 'two 7');
  writeFileSync(file, withHeader('one'));
  await server.gateway.reload();
  assert.equal(await header(), 'one 7');
});

const mistakes: readonly (readonly [name: string, text: string | undefined, message: string])[] = [
  ['no file', undefined, 'there is no such file'],
  [
    'nothing exported',
    '',
    'its default export is neither hooks nor a function that gives them; export default { beforeBind(rpc) { … } }',
  ],
  [
    'a text',
    'export default "hooks";',
    'its default export is neither hooks nor a function that gives them; export default { beforeBind(rpc) { … } }',
  ],
  ['a failure as it is loaded', 'throw new TypeError("no database");', 'TypeError: no database'],
  ['a failure as hooks are made', 'export default async () => { throw new Error("no key"); };', 'Error: no key'],
  ['a misspelt hook', 'export default { onRepyl() {} };', 'there is no hook onRepyl; did you mean onReply?'],
  ['a hook that is no function', 'export default { onEnd: true };', 'onEnd is not a function'],
  [
    'no hook',
    'export default { rate: 1 };',
    'it has no hook; known are beforeBind, beforeSend, onRequestMessage, onReply, onReplyMessage, onError, onEnd',
  ],
];

test('what is wrong with plugins is said with the key, all at once', async (t) => {
  const folder = temporaryFolder(t);
  const files = mistakes.map(([, text], index) => {
    const file = join(folder, `${index}.mjs`);
    if (text !== undefined) writeFileSync(file, text);
    return file;
  });
  const plugins = ['examples/plugins/audit.mjs', ...files];
  await assert.rejects(createGateway({ protos: ['protos/example'], plugins }), (error: Error) => {
    const expected = mistakes.map(([, , message], index) => `plugins[${index + 1}]: ${files[index]}: ${message}`);
    assert.deepEqual(error.message.split('\n').toSorted(), expected.toSorted());
    return true;
  });
});
