/** Replies so large that they go out in pieces. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startServer } from '../../src/server/start-server.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const page = Buffer.concat([Buffer.from([18, 0xe8, 7]), Buffer.alloc(1000, 'a')]);
const pages = Buffer.alloc(page.length * 9000, page);

async function urlOf(t: TestContext, message: Uint8Array, json = {}): Promise<string> {
  const upstream = await startScriptedUpstream({ '/tandem.large.Archive/Read': { messages: [message] } });
  const server = await startServer({
    protos: ['test/protos/large.proto'],
    upstreams: [upstream.target],
    listen: { host: '127.0.0.1', port: 0 },
    limits: { replyBytes: '64MiB' },
    transcoding: { json },
  });
  t.after(async () => {
    await server.close();
    await upstream.close();
  });
  return `${server.url}/v1/volume`;
}

test('a large reply goes out in pieces, whole and as JSON', async (t) => {
  const url = await urlOf(t, Buffer.concat([Buffer.from([10, 1, 65]), pages, Buffer.from([26, 1, 90])]));
  const reply = await fetch(url);
  assert.deepEqual([reply.status, reply.headers.get('content-type')], [200, 'application/json']);
  assert.equal(reply.headers.get('content-length'), null);
  assert.deepEqual(await reply.json(), { title: 'A', pages: Array(9000).fill('a'.repeat(1000)), end: 'Z' });
  const head = await fetch(url, { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
});

test('a large reply goes out in pieces however it is written', async (t) => {
  const url = await urlOf(t, Buffer.concat([Buffer.from([10, 1, 65]), pages]), { emitDefaults: true });
  const list = Array(9000).fill('a'.repeat(1000));
  for (const [target, value, spaces] of [
    ['', { title: 'A', pages: list, end: '' }],
    ['/pages', list],
    ['?$fields=pages', { pages: list }],
    ['?$prettyPrint=true', { title: 'A', pages: list, end: '' }, 2],
    ['/pages?$prettyPrint=true', list, 2],
  ] as const) {
    const reply = await fetch(url + target);
    assert.equal(reply.headers.get('content-length'), null, target);
    assert.equal(await reply.text(), JSON.stringify(value, null, spaces), target);
  }
});

test('a large reply that is wrong at its end is refused with a status', async (t) => {
  const reply = await fetch(await urlOf(t, Buffer.concat([pages, Buffer.from([26, 1, 0xff])])));
  assert.equal(reply.status, 502);
  assert.match(await reply.text(), /end: a string is not UTF-8/);
});

test('a large reply out of order is put in order', async (t) => {
  const reply = await fetch(await urlOf(t, Buffer.concat([pages, Buffer.from([26, 1, 90]), page])));
  const { pages: read } = (await reply.json()) as { pages: string[] };
  assert.deepEqual([reply.status, read.length], [200, 9001]);
});
