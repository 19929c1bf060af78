/** A client of the old schema and a gateway with the new one: each change is told by field and reason. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createCodec } from '../../src/codec/create-codec.ts';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { lengthDelimited } from '../../src/wire/fragment.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-versions-'));
after(() => rmSync(folder, { recursive: true }));

/** Every part of it may be replaced. */
const oldProto = `syntax = "proto3";
package shop;
import "google/api/annotations.proto";
service Shop {
  rpc GetItem(ItemRequest) returns (Item) { option (google.api.http).get = "/v1/items/{name}"; }
}
message ItemRequest { string name = 1; int32 page_size = 2; }
enum Kind { KIND_UNSPECIFIED = 0; BOOK = 1; }
message Part { string label = 1; }
message Item { string name = 1; int32 pages = 2; Kind kind = 3; repeated Part parts = 4; map<string, Part> named = 5; }
`;

let versions = 0;
/** The old schema with a part replaced, in a folder of its own. */
function write(from = '', to = ''): string {
  assert.ok(oldProto.includes(from));
  const path = join(folder, `v${versions++}`);
  mkdirSync(path);
  writeFileSync(join(path, 'shop.proto'), oldProto.replace(from, to));
  return path;
}

/** An Item as a server with the schema of `path` sends it. */
async function itemOf(path: string, json: object): Promise<Uint8Array> {
  const { schema } = await loadSchema({ protos: [path] });
  const type = schema.messages.get('shop.Item');
  assert.ok(type);
  return createCodec(schema).messageReader(type)(Buffer.from(JSON.stringify(json)));
}

let upstream: ScriptedUpstream;
before(async () => {
  upstream = await startScriptedUpstream();
});
after(() => upstream.close());

const old = write();
const item = { name: 'x', pages: 7, kind: 'BOOK', parts: [{ label: 'a' }], named: { k: { label: 'b' } } };

interface Told {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function compare(args: readonly string[], data: object = { name: 'x' }): Promise<Told> {
  const calls = join(folder, 'calls.jsonl');
  writeFileSync(calls, `${JSON.stringify({ method: 'Shop.GetItem', data })}\n`);
  return await run(['compare', '--replay', calls, '--proto', old, '--upstream', upstream.target, ...args]);
}

async function run(args: readonly string[]): Promise<Told> {
  const child = spawn(process.execPath, ['dist/cli.js', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status, stdout, stderr };
}

/** What is told of differences and additions: a line each. */
async function differencesWith(path: string, data?: object): Promise<{ status: number; lines: readonly string[] }> {
  const { status, stdout, stderr } = await compare(['--against-proto', path, '--json'], data);
  assert.ok(status < 2, stderr);
  const [report] = JSON.parse(stdout);
  const linesOf = (sides: readonly { protocols: readonly string[]; differences: readonly Difference[] }[]) =>
    sides.flatMap(({ protocols, differences }) =>
      differences.map((one) => `${protocols[0]} ${one.path}: ${one.reason ?? 'no reason'}`),
    );
  return {
    status,
    lines: [...linesOf(report.differences), ...linesOf(report.additions).map((line) => `new: ${line}`)],
  };
}

interface Difference {
  readonly path: string;
  readonly reason?: string;
}

interface Row {
  readonly name: string;
  readonly replace?: readonly [from: string, to: string];
  /** What the server sends of the new schema; of the old one when left out. */
  readonly sends?: object;
  readonly asks?: object;
  readonly status: number;
  readonly lines: readonly string[];
}

describe('an old client against a new schema', () => {
  const rows: readonly Row[] = [
    { name: 'the same', status: 0, lines: [] },
    {
      name: 'a field is added',
      replace: ['int32 pages = 2;', 'int32 pages = 2; string isbn = 9;'],
      sends: { ...item, isbn: '978' },
      status: 0,
      lines: ['new: rest messages[0].isbn: is new'],
    },
    {
      name: 'a field is renamed',
      replace: ['int32 pages = 2;', 'int32 page_count = 2;'],
      status: 1,
      lines: [
        'rest messages[0].pages: is called page_count now (field 2)',
        'rest messages[0].pageCount: was called pages (field 2)',
      ],
    },
    {
      name: 'a field has another type',
      replace: ['int32 pages = 2;', 'string pages = 2;'],
      sends: { ...item, pages: 'vii' },
      status: 1,
      // What the old client makes of the bytes is the same through either gateway.
      lines: ['rest messages[0].pages: was int32, is string'],
    },
    {
      name: 'a field is gone',
      replace: ['int32 pages = 2;', ''],
      status: 1,
      lines: ['rest messages[0].pages: is gone'],
    },
    {
      name: 'a field has another number',
      replace: ['int32 pages = 2;', 'int32 pages = 8;'],
      status: 1,
      lines: ['rest messages[0].pages: was field 2, is field 8'],
    },
    {
      name: 'in a list and in a map',
      replace: ['message Part { string label = 1; }', 'message Part { string text = 1; }'],
      status: 1,
      lines: ['messages[0].parts[0]', 'messages[0].named.k'].flatMap((path) => [
        `rest ${path}.label: is called text now (field 1)`,
        `rest ${path}.text: was called label (field 1)`,
      ]),
    },
    {
      name: 'an enum has another value',
      replace: ['BOOK = 1;', 'BOOK = 1; AUDIO = 2;'],
      sends: { ...item, kind: 'AUDIO' },
      status: 1,
      lines: ['rest messages[0].kind: AUDIO (2) is new in shop.Kind'],
    },
    {
      name: 'a value of an enum is renamed',
      replace: ['BOOK = 1;', 'PAPER = 1;'],
      status: 1,
      lines: ['rest messages[0].kind: BOOK (1) is called PAPER now'],
    },
    {
      name: 'a value of an enum is gone',
      replace: ['BOOK = 1;', ''],
      status: 1,
      lines: ['rest messages[0].kind: BOOK (1) is gone from shop.Kind'],
    },
    {
      name: 'a field of the request is renamed',
      replace: ['int32 page_size = 2;', 'int32 limit = 2;'],
      asks: { name: 'x', pageSize: 3 },
      status: 1,
      lines: ['status.code', 'status.message', 'status.details[0]'].map(
        (path) => `rest ${path}: pageSize of the request is called limit now (field 2)`,
      ),
    },
    {
      name: 'a method is gone',
      replace: ['rpc GetItem(', 'rpc FetchItem('],
      status: 1,
      lines: ['grpc status.code: shop.Shop.GetItem is gone', 'grpc status.message: shop.Shop.GetItem is gone'],
    },
  ];
  for (const { name, replace = ['', ''], sends, asks, status, lines } of rows) {
    test(name, async () => {
      const now = write(...replace);
      const message = sends === undefined ? await itemOf(old, item) : await itemOf(now, sends);
      upstream.script('/shop.Shop/GetItem', { messages: [message] });
      upstream.script('/shop.Shop/FetchItem', { messages: [message] });
      assert.deepEqual(await differencesWith(now, asks), { status, lines });
    });
  }
});

test('a new server too: what the old client reads of its bytes', async (t: TestContext) => {
  const now = write('int32 pages = 2;', 'string pages = 2;');
  const other = await startScriptedUpstream({
    '/shop.Shop/GetItem': { messages: [await itemOf(now, { name: 'x', pages: 'vii' })] },
  });
  t.after(() => other.close());
  upstream.script('/shop.Shop/GetItem', { messages: [await itemOf(old, { name: 'x', pages: 7 })] });
  const junit = join(folder, 'report.xml');
  const args = ['--against', other.target, '--against-proto', now, '--junit', junit];
  const { status, stdout, stderr } = await compare(args);
  assert.equal(status, 1, stderr);
  assert.match(stdout, /^ {2}messages\[0\]\.pages: 7 and "vii" \(was int32, is string\)$/m);
  assert.match(
    stdout,
    /DIFFERENT: gRPC and gRPC, against\n {2}messages\[0\]\.pages: 7 and nothing \(was int32, is string\)/,
  );
  assert.match(
    readFileSync(junit, 'utf8'),
    /message="REST and REST, against answer differently in messages\[0\]\.pages/,
  );
});

test('an upstream that is away is no answer, alike as both say so', async () => {
  const calls = join(folder, 'away.jsonl');
  writeFileSync(calls, '{"method":"GetItem","data":{"name":"x"}}');
  const versions = ['--proto', old, '--against-proto', write('int32 pages = 2;', '')];
  const { status, stderr } = await run(['compare', '--replay', calls, ...versions, '--upstream', '127.0.0.1:1']);
  assert.deepEqual([status, stderr], [1, 'GetItem: the upstream does not answer: UNAVAILABLE\n']);
});

test('the other version as a descriptor set', async () => {
  const { schema } = await loadSchema({ protos: [write('int32 pages = 2;', '')] });
  const files = [...schema.files.values()].map((file) => lengthDelimited(1, file.toBytes()));
  const set = join(folder, 'now.binpb');
  writeFileSync(set, Buffer.concat(files));
  upstream.script('/shop.Shop/GetItem', { messages: [await itemOf(old, item)] });
  const { status, stdout } = await compare(['--against-descriptor-set', set]);
  assert.equal(status, 1, stdout);
  assert.match(stdout, /^ {2}messages\[0\]\.pages: 7 and nothing \(is gone\)$/m);
});

describe('wrong usage', () => {
  const rows: readonly (readonly [args: readonly string[], status: number, stderr: RegExp])[] = [
    [[], 2, /--replay: name what to compare with: --against, --against-proto or --against-descriptor-set/],
    [['--against-proto', old, '--runs', '9'], 2, /--runs: is for one version of the schema; leave it out/],
    [['--against-proto', join(folder, 'none')], 3, /none: does not exist/],
    [['--against', '127.0.0.1:1', '--calls', 'other.json'], 2, /--calls and --replay name the same: give one of them/],
  ];
  for (const [args, expected, message] of rows) {
    test(args.slice(0, 1).join(' ') || 'nothing to compare with', async () => {
      const { status, stderr } = await compare(args);
      assert.equal(status, expected, stderr);
      assert.match(stderr, message);
    });
  }
});
