/** `tandem serve` as a process: ready line, reload, drain. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { cli, serve, temporaryFolder } from './served-process.ts';

const protoWith = (rule: string): string => `syntax = "proto3";
package a;
import "google/api/annotations.proto";
message M { string id = 1; }
service S { rpc Get(M) returns (M) { option (google.api.http) = { ${rule} }; } }
`;

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status;

test('the demo answers, says what to try, and ends with 0', async (t) => {
  const running = await serve(t, ['--demo']);
  const curl = await running.stderrLine(/^try {2}curl /);
  const reply = await fetch(curl.slice('try  curl '.length));
  assert.deepEqual([reply.status, await reply.json()], [200, { message: 'Hello World' }]);
  for (const page of ['/docs', '/openapi.json']) {
    assert.equal(await running.stderrLine(new RegExp(`^see .*${page}$`)), `see  ${running.url}${page}`);
    assert.equal(await statusOf(running.url + page), 200);
  }
  running.child.kill('SIGTERM');
  assert.equal(await running.exit, 0);
  assert.equal(running.stdout, `tandem listening on ${running.url}\n`);
});

test('an open call finishes while the process drains', async (t) => {
  const running = await serve(t, ['--demo']);
  const reply = await fetch(`${running.url}/v1/shelves/fiction/books:stream?interval=0.2s`);
  running.child.kill('SIGTERM');
  await running.stderrLine(/"draining"/);
  assert.equal(((await reply.json()) as unknown[]).length, 2);
  assert.equal(await running.exit, 0);
});

test('a second signal ends the process at once', async (t) => {
  const running = await serve(t, ['--demo']);
  const reply = await fetch(`${running.url}/v1/shelves/fiction/books:stream?interval=60s`);
  running.child.kill('SIGTERM');
  await running.stderrLine(/"draining"/);
  running.child.kill('SIGTERM');
  assert.equal(await running.exit, 143);
  await assert.rejects(reply.text());
});

test('an upstream that cannot be reached: served, not ready, 503', async (t) => {
  const { url } = await serve(t, ['--proto', resolve('protos/example'), '--upstream', '127.0.0.1:1']);
  assert.equal(await statusOf(`${url}/healthz`), 200);
  assert.equal(await statusOf(`${url}/v1/greeter/x`), 503);
  assert.equal(await statusOf(`${url}/readyz`), 503);
});

for (const how of ['SIGHUP', '--watch']) {
  test(`${how} reloads, and refuses what is wrong`, async (t) => {
    const folder = temporaryFolder(t);
    const write = (rule: string): void => writeFileSync(join(folder, 'a.proto'), protoWith(rule));
    write('get: "/v1/before/{id}"');
    const flags = how === '--watch' ? ['--watch'] : [];
    const { child, url, stderrLine } = await serve(t, ['--proto', 'a.proto', '--upstream', '127.0.0.1:1', ...flags], {
      cwd: folder,
    });
    const change = (rule: string): void => {
      write(rule);
      if (how === 'SIGHUP') child.kill('SIGHUP');
    };
    assert.deepEqual([await statusOf(`${url}/v1/before/1`), await statusOf(`${url}/v1/after/1`)], [503, 404]);
    change('get: "/v1/after/{id"');
    const refused = JSON.parse(await stderrLine(/not reloaded/));
    assert.match(refused.problems[0], /^a\.proto:5 S\.Get: /);
    assert.deepEqual([await statusOf(`${url}/v1/before/1`), await statusOf(`${url}/v1/after/1`)], [503, 404]);
    change('get: "/v1/after/{id}"');
    await stderrLine(/"reloaded"/);
    assert.deepEqual([await statusOf(`${url}/v1/before/1`), await statusOf(`${url}/v1/after/1`)], [404, 503]);
  });
}

test('workers share the port and behave as one process', async (t) => {
  const running = await serve(t, ['--demo', '--workers', '2']);
  assert.equal(await statusOf(`${running.url}/v1/greeter/x`), 200);
  const listening = (await running.stderrLines(/Server listening/, 2)).map((line) => JSON.parse(line).msg);
  assert.deepEqual(listening, Array(2).fill(`Server listening at ${running.url}`));
  if (process.platform === 'linux') {
    const { pid } = running.child;
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ');
    for (const worker of workers)
      assert.match(readFileSync(`/proc/${worker}/cmdline`, 'latin1'), /--single-threaded-gc/);
    assert.equal(workers.length, 2);
  }
  running.child.kill('SIGHUP');
  await running.stderrLines(/"reloaded"/, 2);
  running.child.kill('SIGTERM');
  assert.equal(await running.exit, 0);
  assert.equal(running.stdout, `tandem listening on ${running.url}\n`);
});

test('a worker that ends is replaced, and the other answers meanwhile', async (t) => {
  const { child, url, stderrLine, stderrLines, exit } = await serve(t, ['--demo', '--workers', '2']);
  await stderrLines(/Server listening/, 2);
  const [worker] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ').map(Number);
  process.kill(worker ?? 0, 'SIGKILL');
  assert.equal(JSON.parse(await stderrLine(/a worker ended/)).worker, worker);
  assert.equal(await statusOf(`${url}/v1/greeter/x`), 200);
  await stderrLines(/Server listening/, 3);
  child.kill('SIGTERM');
  assert.equal(await exit, 0);
});

test('a port that is taken: one line, exit 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const args = ['serve', '--demo', '--port', String(port)];
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.match(errors, new RegExp(`^tandem: listen EADDRINUSE: address already in use 127\\.0\\.0\\.1:${port}$`, 'm'));
});
