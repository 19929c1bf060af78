/** The same RPC over every protocol: seen, compared, measured. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { createCodec } from '../../src/codec/create-codec.ts';
import { type Comparison, compareOnce } from '../../src/compare/compare-once.ts';
import { findMethod, ruleOf } from '../../src/compare/find-method.ts';
import { measure } from '../../src/compare/measure.ts';
import { type Framing, messagesOf, prepareCalls } from '../../src/compare/prepare-calls.ts';
import type { PreparedCall } from '../../src/compare/prepared-call.ts';
import { type Demo, demoProtos, startDemo } from '../../src/demo/start-demo.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

let demo: Demo;
let server: RunningServer;
before(async () => {
  demo = await startDemo();
  server = await startServer({ listen: { port: 0 }, protos: [demoProtos()], upstreams: [demo.target] });
});
after(async () => {
  await server.close();
  await demo.close();
});

function prepare(name: string, message: unknown, framing: Framing = 'array') {
  const { schema, table } = server.gateway.generation;
  const codec = createCodec(schema, { unknownAny: 'base64' });
  const method = findMethod(schema, name);
  const binding = ruleOf(table.bindings, method);
  const messages = messagesOf(method, message);
  const endpoints = { origin: server.url, upstream: { target: demo.target } };
  const calls = prepareCalls({ method, binding, messages, headers: [['x-test', '1']], framing }, codec, endpoints);
  return { calls: [...calls.values()], context: { method, binding, codec } };
}

async function compare(name: string, message: unknown, framing?: Framing): Promise<Comparison> {
  const { calls, context } = prepare(name, message, framing);
  return compareOnce(calls, context, { isOnce: false });
}

const book = 'shelves/fiction/books/frankenstein';
const everywhere = ['rest', 'grpc', 'grpc-direct', 'grpc-web', 'connect'];

describe('the same answer over every protocol', () => {
  const rows: readonly (readonly [
    name: string,
    message: unknown,
    code: string,
    messages: number,
    framing?: Framing,
  ])[] = [
    ['Library.GetBook', { name: book }, 'OK', 1],
    ['Library.GetBook', { name: `${book}-none` }, 'NOT_FOUND', 0],
    ['Library.ListBooks', { parent: 'shelves/fiction', pageSize: 2 }, 'OK', 1],
    ['Library.DownloadText', { name: 'shelves/fiction/books/moby-dick' }, 'OK', 0],
    ['Library.AskLibrarian', [], 'OK', 0],
    ['Library.ImportBooks', [{ parent: 'shelves/none', book: { title: 'A' } }], 'NOT_FOUND', 0],
    ...(['array', 'ndjson', 'sse'] as const).flatMap((framing) => [
      ['Library.StreamBooks', { parent: 'shelves/fiction' }, 'OK', 0, framing] as const,
      ['Library.StreamBooks', { parent: 'shelves/fiction', failAfter: 2 }, 'INTERNAL', 2, framing] as const,
      ['Library.AskLibrarian', [{ text: 'moby' }, {}, { text: 'o' }], 'OK', 3, framing] as const,
    ]),
  ];
  for (const [name, message, code, count, framing] of rows) {
    test(`${name} ${JSON.stringify(message)} ${framing ?? ''}`, async () => {
      const { results, differences } = await compare(name, message, framing);
      assert.deepEqual(
        results.map(({ protocol }) => protocol),
        everywhere,
      );
      assert.deepEqual(
        results.map(({ problem }) => problem),
        everywhere.map(() => undefined),
      );
      assert.deepEqual(differences, []);
      for (const { protocol, cold, warm } of results) {
        assert.ok(cold && warm, protocol);
        assert.equal(cold.answer.status.code, code, protocol);
        if (count > 0) assert.equal(warm.answer.messages.length, count, protocol);
      }
    });
  }
});

test('a stream of requests arrives whole, over each protocol', async () => {
  const books = [1, 2, 3].map((index) => ({ parent: 'shelves/poetry', book: { title: `Volume ${index}` } }));
  const { calls, context } = prepare('Library.ImportBooks', books);
  const { results } = await compareOnce(calls, context, { isOnce: true });
  const names = results.map(({ cold }) => Object(cold?.answer.messages[0]?.value).names);
  assert.deepEqual(
    names.map((list) => list?.length),
    everywhere.map(() => 3),
  );
  assert.equal(new Set(names.flat()).size, 15);
});

test('bytes of head and body, and of HTTP/2 what a connection says besides', async () => {
  const { results } = await compare('Library.GetBook', { name: book });
  const of = (protocol: string) => results.find((one) => one.protocol === protocol);
  const rest = of('rest')?.warm;
  assert.ok(rest);
  const sent = Buffer.concat(rest.performed.sent.map(({ bytes }) => bytes)).toString();
  assert.match(sent, /^GET \/v1\/shelves\/fiction\/books\/frankenstein HTTP\/1\.1\r\n/);
  assert.deepEqual([rest.request.head, rest.request.body], [sent.length, 0]);
  const direct = of('grpc-direct');
  assert.ok(direct?.cold && direct.warm);
  // The second time names and values are known to both sides.
  assert.ok(direct.warm.request.head < direct.cold.request.head);
  assert.ok(direct.cold.request.control > 24);
  const types = direct.warm.frames.map(({ direction, type }) => `${direction} ${type}`);
  assert.deepEqual(
    types.filter((type) => /HEADERS|DATA/.test(type)),
    ['sent HEADERS', 'sent DATA', 'received HEADERS', 'received DATA', 'received HEADERS'],
  );
  const [head] = direct.warm.frames.filter(({ type }) => type === 'HEADERS');
  assert.deepEqual(
    head?.headers?.find(([name]) => name === 'x-test'),
    ['x-test', '1'],
  );
  assert.ok((head?.plainBytes ?? 0) > (head?.bytes ?? 0));
});

test('an answer that differs says where', async () => {
  const { calls, context } = prepare('Library.GetBook', { name: book });
  const [rest, ...others] = calls as [PreparedCall, ...PreparedCall[]];
  const target = '/v1/shelves/fiction/books/moby-dick';
  const { differences } = await compareOnce([{ ...rest, target } as PreparedCall, ...others], context, {
    isOnce: true,
  });
  const paths = differences.map((one) => one.differences.map(({ path }) => path));
  assert.equal(paths.length, everywhere.length - 1);
  assert.ok(paths[0]?.includes('messages[0].name') && paths[0].includes('messages[0].title'), String(paths[0]));
});

test('who does not answer is told; the others are compared', async () => {
  const { calls, context } = prepare('Library.GetBook', { name: book });
  const lost = calls.map((call) => (call.protocol === 'grpc-web' ? { ...call, origin: 'http://127.0.0.1:1' } : call));
  const { results, differences } = await compareOnce(lost as PreparedCall[], context, { isOnce: true });
  assert.match(results.find(({ protocol }) => protocol === 'grpc-web')?.problem ?? '', /ECONNREFUSED/);
  assert.deepEqual(differences, []);
});

test('measured: so many calls of each, in turn, stopped when asked', async () => {
  const { calls } = prepare('Library.GetBook', { name: book });
  const plan = { calls, concurrency: 2, warmUp: 2, isOwnGateway: true };
  const { measured, differences, cpuDifferences, isStopped } = await measure({ ...plan, runs: 25 });
  assert.deepEqual(
    measured.map(({ protocol, durations, failures }) => [protocol, durations.length, failures]),
    [...everywhere.map((protocol) => [protocol, 25, 0])],
  );
  for (const { protocol, cpuPerCall, cpuMargin, sentBytesPerCall, receivedBytesPerCall, callsPerSecond } of measured) {
    assert.equal(cpuPerCall === undefined, protocol === 'grpc-direct');
    assert.equal(cpuMargin === undefined, protocol === 'grpc-direct');
    assert.ok(sentBytesPerCall > 10 && receivedBytesPerCall > 10 && callsPerSecond > 0);
  }
  assert.deepEqual([differences.length, isStopped], [everywhere.length - 1, false]);
  assert.deepEqual(
    cpuDifferences.map(({ protocols }) => protocols),
    ['grpc', 'grpc-web', 'connect'].map((protocol) => ['rest', protocol]),
  );
  for (const { difference, low, high } of cpuDifferences) assert.ok(low <= difference && difference <= high);

  const controller = new AbortController();
  const stopped = await measure({
    ...plan,
    runs: 1000,
    signal: controller.signal,
    onProgress: (done) => {
      if (done > 0) controller.abort();
    },
  });
  assert.equal(stopped.isStopped, true);
  assert.ok(
    (stopped.measured[0]?.durations.length ?? 0) >= 100 && (stopped.measured.at(-1)?.durations.length ?? 1) < 1000,
  );
});

describe('tandem compare', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-compare-'));
  after(() => rmSync(folder, { recursive: true }));
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['dist/cli.js', 'compare', '--demo', ...args], { encoding: 'utf8' });
  const data = JSON.stringify({ name: book });

  test('a table, and that all is the same', () => {
    const { status, stdout } = run('Library.GetBook', '--data', data, '--runs', '10', '--over', 'rest,grpc-web');
    assert.equal(status, 0, stdout);
    assert.match(stdout, /the same answer over REST, gRPC-Web/);
    assert.match(stdout, /^10 calls, 1 at a time +REST +gRPC-Web$/m);
  });

  test('as JSON, as a page and for CI; a budget that is passed fails', () => {
    const [html, junit] = [join(folder, 'report.html'), join(folder, 'report.xml')];
    const calls = join(folder, 'calls.json');
    writeFileSync(
      calls,
      JSON.stringify([
        { method: 'Library.GetBook', data: { name: book } },
        { method: 'SayHello', data: { name: 'A' } },
      ]),
    );
    const { status, stdout, stderr } = run(
      '--calls',
      calls,
      '--json',
      '--html',
      html,
      '--junit',
      junit,
      '--max-bytes',
      '10',
    );
    assert.equal(status, 1);
    const reports = JSON.parse(stdout);
    assert.deepEqual(
      reports.map(({ method, isSame }: { method: string; isSame: boolean }) => [method, isSame]),
      [
        ['Library.GetBook', true],
        ['SayHello', true],
      ],
    );
    assert.match(stderr, /^Library.GetBook: REST takes \d+ B, over the budget of 10 B$/m);
    assert.match(readFileSync(html, 'utf8'), /<h2>Library.GetBook<\/h2>/);
    assert.match(readFileSync(junit, 'utf8'), /tests="2" failures="2"/);
  });

  test('a stream of requests, as a list or one a line', () => {
    for (const messages of ['[{"text":"moby"},{"text":"o"}]', '{"text":"moby"}\n{"text":"o"}\n']) {
      const { status, stdout } = run('Library.AskLibrarian', '--data', messages, '--framing', 'ndjson');
      assert.equal(status, 0, stdout);
      assert.match(stdout, /^messages( +2){5}$/m);
      assert.match(stdout, /the same answer over REST, gRPC, gRPC, direct, gRPC-Web, Connect/);
    }
  });

  const wrong: readonly (readonly [args: readonly string[], status: number, stderr: RegExp])[] = [
    [['Library.GetBook', '--data', '{"name":1}'], 1, /name: 1 is not a string/],
    [
      ['Library.GetBook', '--data', '{}'],
      1,
      /name: is part of the path, which wants shelves\/\*\/books\/\*; it is not set/,
    ],
    [['Library.Nothing'], 1, /no method is called Library.Nothing/],
    [['Library.GetBook', '--data', '[{}]'], 1, /message: expected a JSON object/],
    [['Library.ImportBooks', '--data', '[1]'], 1, /expected a list of JSON objects/],
    [['Library.ImportBooks', '--data', '[{},{"bookId":5}]'], 1, /\[1\]\.bookId: 5 is not a string/],
    [['Library.CreateBook', '--data', '{"parent":"shelves/fiction"}', '--runs', '5'], 1, /changes something/],
    [[], 2, /give either METHOD or --calls FILE/],
    [['--calls', 'none.json'], 2, /none\.json: cannot be read/],
    [['Library.GetBook', '--over', 'soap'], 2, /soap is none of rest, grpc/],
    [['Library.GetBook', '--data', '{'], 2, /--data: /],
    [['Library.GetBook', '--runs', '0'], 2, /--runs: expected a whole number/],
  ];
  for (const [args, expected, message] of wrong) {
    test(`refused: ${args.join(' ')}`, () => {
      const { status, stderr } = run(...args);
      assert.equal(status, expected, stderr);
      assert.match(stderr, message);
    });
  }
});

test('real calls are written down and run against two upstreams', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-record-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'calls.jsonl');
  const args = ['dist/cli.js', 'serve', '--demo', '--port', '0', '--record', file];
  const gateway = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(gateway, 'close');
  t.after(() => gateway.kill('SIGKILL'));
  const [line] = await once(createInterface(gateway.stdout), 'line');
  const url = String(line).replace('tandem listening on ', '');
  await fetch(`${url}/v1/${book}`, { headers: { authorization: 'Bearer hidden' } });
  await fetch(`${url}/v1/${book}-none`);
  await fetch(`${url}/v1/shelves/fiction/books?pageToken=secret&pageSize=2`);
  gateway.kill();
  await ended;
  const written = readFileSync(file, 'utf8').trim().split('\n');
  assert.deepEqual(
    written.map((one) => JSON.parse(one)),
    [
      { method: 'example.library.v1.Library.GetBook', data: { name: book } },
      { method: 'example.library.v1.Library.GetBook', data: { name: `${book}-none` } },
      {
        method: 'example.library.v1.Library.ListBooks',
        data: { parent: 'shelves/fiction', pageToken: 'REDACTED', pageSize: 2 },
      },
    ],
  );

  const other = await startScriptedUpstream({
    '/example.library.v1.Library/GetBook': { messages: [Uint8Array.of(10, 1, 120)] },
  });
  t.after(() => other.close());
  writeFileSync(file, `${written[0]}\n`);
  const replay = (target: string) =>
    runAside(['compare', '--calls', file, '--against', target, '--proto', 'protos', '--upstream', demo.target]);
  const same = await replay(demo.target);
  assert.deepEqual([same.status, /the same answer over gRPC, direct, gRPC, against/.test(same.stdout)], [0, true]);
  const different = await replay(other.target);
  assert.equal(different.status, 1);
  assert.match(different.stderr, /gRPC, direct and gRPC, against answer differently in messages\[0\]\.name/);
});

/** A command that needs upstreams of this process. */
async function runAside(args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['dist/cli.js', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status, stdout, stderr };
}
