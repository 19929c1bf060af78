/** What protos say of requests, held before the upstream is called, in every protocol. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { createGateway } from '../../src/index.ts';
import { formatProblem, SchemaError } from '../../src/schema/problem.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const protos = ['test/protos/validation.proto'];
const listen = { host: '127.0.0.1', port: 0 };
const validation = { protovalidate: true, fieldBehavior: true, fieldInfo: true };
const service = '/test.validation.v1.Shop';
const methods = ['Place', 'Change', 'Replace', 'Collect', 'Free', 'Book'];

let upstream: ScriptedUpstream;
let server: RunningServer;
before(async () => {
  const reply = { messages: [new Uint8Array()] };
  upstream = await startScriptedUpstream(Object.fromEntries(methods.map((name) => [`${service}/${name}`, reply])));
  server = await startServer({ protos, upstreams: [upstream.target], listen, validation });
});
after(async () => {
  await server?.close();
  await upstream.close();
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** By Connect where the path is that of an RPC, by REST elsewhere. */
async function send({ url }: RunningServer, path: string, body: unknown, method = 'POST'): Promise<Answer> {
  const headers = { 'content-type': 'application/json', 'connect-protocol-version': '1' };
  const reply = await fetch(url + path, { method, headers, body: JSON.stringify(body) });
  return { status: reply.status, text: await reply.text() };
}

const card = { id: '1', card: 'x' };
const item = { name: 'a', count: 1, price: 0 };
const stay = { mail: 'a@b.example', first: 1, last: 2, guests: [{ name: 'a' }], number: 1 };
const isRequired = (...fields: string[]): readonly string[] => fields.map((field) => `${field}: is required`);

const rows: readonly (readonly [name: string, target: string, body: unknown, violations: readonly string[]])[] = [
  ['all there', 'POST /v1/orders', { ...card, items: [item], gifts: { a: item } }, []],
  ['nothing there', 'POST /v1/orders', {}, isRequired('id', 'card', 'iban')],
  ['an empty text is none', 'POST /v1/orders', { ...card, id: '' }, isRequired('id')],
  ['one of a oneof is enough', 'POST /v1/orders', { id: '1', iban: '' }, []],
  ['in lists', 'POST /v1/orders', { ...card, items: [item, {}] }, isRequired('items[1].name', 'items[1].count', 'items[1].price')],
  ['in maps', 'POST /v1/orders', { ...card, gifts: { 'a"': { ...item, name: '' } } }, isRequired('gifts["a\\""].name')],
  ['deeper', 'POST /v1/orders', { ...card, items: [{ ...item, parts: [{ ...item, maker: {} }] }] }, isRequired('items[0].parts[0].maker.name')],
  ['what only the server writes is ignored', 'POST /v1/orders', { ...card, total: {} }, []],
  ['a UUID of another version', 'POST /v1/orders', { ...card, token: 'f47ac10b-58cc-1372-8567-0e02b2c3d479' }, ['token: is not a UUID of version 4']],
  ['a UUID in capitals', 'POST /v1/orders', { ...card, token: 'F47AC10B-58CC-4372-8567-0E02B2C3D479' }, []],
  ['addresses', 'POST /v1/orders', { ...card, addresses: ['1.2.3.4', '::1', '1.2.3'], four: '256.1.1.1', six: 'fe80::1%eth0' },
    ['addresses[2]: is not an IP address', 'four: is not an IPv4 address', 'six: is not an IPv6 address']],
  ['an address with leading zeros', 'POST /v1/orders', { ...card, four: '001.022.233.040' }, []],
  ['a partial update', 'PATCH /v1/items', { count: 2 }, []],
  ['an update that clears', 'PATCH /v1/items', { name: '' }, isRequired('item.name')],
  ['an update of a part', 'PATCH /v1/items', { maker: {} }, isRequired('item.maker.name')],
  ['an update without a mask', 'POST /v1/items:update', { item: {} }, []],
  ['a mask is for lists beside it too', 'POST /v1/items:update', { item: {}, others: [{ maker: {} }], updateMask: 'maker' }, isRequired('others[0].maker.name')],
  ['an update of nothing', 'POST /v1/items:update', { updateMask: 'name' }, isRequired('item')],
  ['a mask that leads inside', 'POST /v1/items:update', { item: { maker: {} }, updateMask: 'maker.name' }, isRequired('item.maker.name')],
  ['a mask of all', 'POST /v1/items:update', { item: {}, updateMask: '*' }, isRequired('item.name', 'item.count', 'item.price')],
  ['lists are updated whole', 'POST /v1/items:update', { item: { parts: [{}] }, updateMask: 'parts' },
    isRequired('item.parts[0].name', 'item.parts[0].count', 'item.parts[0].price')],
  ['rules that hold', 'POST /v1/stays', stay, []],
  ['rules that do not', 'POST /v1/stays', { mail: 'x', first: 366, last: 1, guests: [{ name: 'abcdef', age: 200 }, {}], extras: { a: 0 }, name: 'x' }, [
    'mail: must be a valid email address',
    'first: must be greater than or equal to 1 and less than or equal to 365',
    'guests[0].name: must be at most 5 characters',
    'guests[0].age: nobody is 200',
    'guests[1].name: value is required',
    'extras["a"]: must be greater than 0',
    'the last night is before the first',
  ]],
  ['a oneof of which none is set', 'POST /v1/stays', { ...stay, number: undefined }, ['room: exactly one field is required in oneof']],
  ['a message with nothing to hold', 'POST /v1/free', {}, []],
]; // biome-ignore format: a table

describe('REST', () => {
  for (const [name, target, body, violations] of rows) {
    test(name, async () => {
      const [method = '', path = ''] = target.split(' ');
      const calls = upstream.calls.length;
      const { status, text } = await send(server, path, body, method);
      if (violations.length === 0) {
        assert.deepEqual([status, text, upstream.calls.length], [200, '{}', calls + 1]);
        return;
      }
      const others = violations.length === 1 ? '' : `, and ${violations.length - 1} more`;
      const { code, message, details } = JSON.parse(text);
      assert.deepEqual([status, code, upstream.calls.length], [400, 3, calls]);
      assert.equal(message, violations[0] + others);
      assert.equal(details.length, 1);
      const told = details[0].fieldViolations.map(({ field = '', description = '' }) =>
        field === '' ? description : `${field}: ${description}`,
      );
      assert.deepEqual(told, violations);
    });
  }

  test('more violations than a trailer holds', async () => {
    const items = Array.from({ length: 2000 }, () => ({ name: 'a', count: 1 }));
    const { status, text } = await send(server, '/v1/orders', { ...card, items });
    const { message, details } = JSON.parse(text);
    assert.deepEqual([status, message], [400, 'items[0].price: is required, and 1999 more']);
    assert.ok(details[0].fieldViolations.length > 50 && text.length < 10_000);
  });

  for (const [path, body, violation] of [
    ['/v1/orders', { ...card, items: Array.from({ length: 50_000 }, () => ({})) }, 'items[0].name: is required'],
    ['/v1/stays', { ...stay, mail: 'x'.repeat(20_000), first: 0 }, 'mail: must be a valid email address'],
  ] as const) {
    test(`of a large message the first violation is told: ${path}`, async () => {
      const { status, text } = await send(server, path, body);
      const { message, details } = JSON.parse(text);
      assert.deepEqual([status, message, details[0].fieldViolations.length], [400, violation, 1]);
    });
  }

  test('a long key of a map', async () => {
    const { status, text } = await send(server, '/v1/orders', { ...card, gifts: { ['k'.repeat(100_000)]: {} } });
    assert.equal(status, 400);
    assert.ok(text.length < 4000);
  });
});

const identity = (bytes: Buffer): Buffer => bytes;
const bytesOf = { requestSerialize: identity, requestDeserialize: identity, responseSerialize: identity, responseDeserialize: identity }; // biome-ignore format: one line
const Shop = grpc.makeGenericClientConstructor(
  {
    Book: { path: `${service}/Book`, requestStream: false, responseStream: false, ...bytesOf },
    Collect: { path: `${service}/Collect`, requestStream: true, responseStream: false, ...bytesOf },
  },
  'Shop',
);

/** The status of one call whose messages are these. */
async function callGrpc(name: 'Book' | 'Collect', ...messages: Buffer[]): Promise<grpc.StatusObject> {
  const client = new Shop(new URL(server.url).host, grpc.credentials.createInsecure());
  const ignore = (): void => {};
  // A generic client has a function for each method, bound to it.
  const begin = (client as unknown as Record<string, (...args: unknown[]) => grpc.ClientWritableStream<Buffer>>)[name];
  const call = name === 'Book' ? begin?.call(client, messages[0], ignore) : begin?.call(client, ignore);
  assert.ok(call !== undefined);
  if (name === 'Collect') {
    for (const message of messages) call.write(message);
    call.end();
  }
  const [status] = await once(call, 'status');
  client.close();
  return status as grpc.StatusObject;
}

const refused = 'mail: value is empty, which is not a valid email address, and 3 more';

describe('other protocols', () => {
  test('gRPC', async () => {
    const { length } = upstream.calls;
    const { code, details, metadata } = await callGrpc('Book', Buffer.alloc(0));
    assert.deepEqual([code, details], [3, refused]);
    assert.match(String(metadata.get('grpc-status-details-bin')[0]), /google\.rpc\.BadRequest.*mail.*guests.*room/s);
    assert.equal(upstream.calls.length, length);
  });

  test('bytes that are no message', async () => {
    const { code, details } = await callGrpc('Book', Buffer.of(10, 5, 1));
    assert.deepEqual([code, details], [3, 'the request is no test.validation.v1.Stay']);
  });

  test('a stream is held message by message', async () => {
    const order = Buffer.from('\n\x011*\x01x');
    assert.equal((await callGrpc('Collect', order, order)).code, 0);
    const { length } = upstream.calls;
    const { code, details } = await callGrpc('Collect', order, Buffer.alloc(0), order);
    assert.deepEqual([code, details], [3, 'id: is required, and 2 more']);
    assert.equal(upstream.calls.length, length);
  });

  test('gRPC-Web', async () => {
    const headers = { 'content-type': 'application/grpc-web+proto' };
    const reply = await fetch(`${server.url}${service}/Book`, { method: 'POST', headers, body: new Uint8Array(5) });
    const text = reply.headers.get('grpc-message') ?? (await reply.text());
    assert.match(decodeURIComponent(text), /value is empty, which is not a valid email address, and 3 more/);
  });

  test('Connect', async () => {
    const { status, text } = await send(server, `${service}/Book`, {});
    const { code, message } = JSON.parse(text);
    assert.deepEqual([status, code, message], [400, 'invalid_argument', refused]);
  });
});

describe('configuration', () => {
  const kinds = [
    ['protovalidate', '/v1/stays', '/v1/orders'],
    ['fieldBehavior', '/v1/orders', '/v1/stays'],
    [undefined, undefined, '/v1/stays'],
  ] as const;
  for (const [kind, held, free] of kinds) {
    test(`only ${kind ?? 'nothing'} is held`, async () => {
      const on = kind === undefined ? {} : { validation: { [kind]: true } };
      const other = await startServer({ protos, upstreams: [upstream.target], listen, ...on });
      try {
        if (held !== undefined) assert.equal((await send(other, held, {})).status, 400);
        assert.equal((await send(other, free, {})).status, 200);
      } finally {
        await other.close();
      }
    });
  }

  const proto = (body: string): string => `syntax = "proto3";
package bad.v1;
import "buf/validate/validate.proto";
import "google/protobuf/descriptor.proto";
message Out {}
service Bad { rpc Call(In) returns (Out); }
message Inner { int32 z = 1 [(buf.validate.field).string.min_len = 1]; In again = 2; }
${body}`;

  const wrong = `message In {
  option (buf.validate.message).oneof = { fields: ["nope"] };
  int32 a = 1 [(buf.validate.field).string.min_len = 1];
  string c = 3 [(buf.validate.field).cel = { id: "x" expression: "this ==" }];
  Inner inner = 5;
  repeated string d = 6 [(buf.validate.field).repeated.items.cel = { id: "x" expression: "1 +" }];
}
extend buf.validate.Int32Rules { bool odd = 1161 [(buf.validate.predefined).cel = { id: "odd" expression: "2 this" }]; }`;
  const odd = `extend buf.validate.Int32Rules {
  bool odd = 1161 [(buf.validate.predefined).cel = { id: "odd" message: "must be odd" expression: "this % 2 == 1" }];
}
message In {
  option (buf.validate.message).cel_expression = "this.deep.note.size() < 5";
  Deep deep = 3;
  int32 a = 1 [(buf.validate.field).int32.(odd) = true]; int32 b = 2 [(buf.validate.field).cel_expression = "1 / this > 0"];
}
message Deep { string note = 1 [(buf.validate.field).string.max_len = 9]; }`;

  test('every rule that cannot be is told, with its place', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'validation-'));
    const file = join(folder, 'bad.proto');
    writeFileSync(file, proto(wrong));
    try {
      await assert.rejects(createGateway({ protos: [file], validation }), (error) => {
        assert.ok(error instanceof SchemaError);
        const told = error.problems.map((problem) => formatProblem(problem).replace(file, '').slice(0, 60));
        assert.deepEqual(told.toSorted(), [
          ':10 bad.v1.In.a: its rules cannot be: expected rule "int32",',
          ':11 bad.v1.In.c: its rule `this ==` cannot be: it does not p',
          ':13 bad.v1.In.d: its rule `1 +` cannot be: it does not parse',
          ':15 bad.v1.odd: its rule `2 this` cannot be: it does not par',
          ':7 bad.v1.Inner.z: its rules cannot be: expected rule "int32',
          ':8 bad.v1.In: its rules cannot be: field "nope" not found in',
        ]);
        return true;
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const expressions: readonly (readonly [expression: string, mistake: string | undefined])[] = [
    ['this.nope > 1', 'bad.v1.In has no field nope; write one of name, count, inner, list, map, at, any, box'],
    ['this.inner.again.inner.nope == 1', 'bad.v1.Inner has no field nope; write one of z, again'],
    ['has(this.inner.nope)', 'bad.v1.Inner has no field nope; write one of z, again'],
    ['this.list.all(each, each.nope == 1)', 'bad.v1.Inner has no field nope; write one of z, again'],
    ['this.list[0].nope == 1', 'bad.v1.Inner has no field nope; write one of z, again'],
    ['bad.v1.Inner{nope: 1} == this.inner', 'bad.v1.Inner has no field nope; write one of z, again'],
    ['this.map["a"].nope == 1', 'bad.v1.Inner has no field nope; write one of z, again'],
    ['this.name.nope == 1', 'a value of type string has no field nope'],
    ['that.name == ""', 'nothing here is called that.name'],
    ['rule == 1', 'nothing here is called rule'],
    ['this.count.startsWith("a")', 'startsWith is not for (int, string)'],
    ['this.name > 1', '> is not for (string, int)'],
    ['this.name.isEmial()', 'there is no function isEmial'],
    ['this.count.isEmail()', 'isEmail is not for (int)'],
    ['math.greatest(1, 2) > 1', 'there is no function math.greatest'],
    ['this.count + 1', 'it gives a value of type int; write what gives a bool, or a string that says what is wrong'],
    ['this.count > 1 ? "" : "too few"', undefined],
    ['this.name.size() < 5 && this.name.matches("^a") && !this.name.isIp(4) && "a" in this.map', undefined],
    ['this.list.map(each, each.z).unique() && this.list.exists(each, each.z == this.count)', undefined],
    ['this.at < now && this.at + duration("1h") > timestamp(0) && this.at.getFullYear() > 1', undefined],
    ['this.any.nope == 1 || this.box > 1 || type(this.count) == int || dyn(this.name) > 1', undefined],
    ['getField(this, "nope") == 1 || this.inner == bad.v1.Inner{z: 1} || this.inner.z == 1u', undefined],
  ];
  const whole = `message In {
  option (buf.validate.message).cel_expression = EXPRESSION;
  string name = 1; int32 count = 2; Inner inner = 3; repeated Inner list = 4; map<string, Inner> map = 5;
  google.protobuf.Timestamp at = 6; google.protobuf.Any any = 7; google.protobuf.Int32Value box = 8;
}
import "google/protobuf/timestamp.proto"; import "google/protobuf/any.proto"; import "google/protobuf/wrappers.proto";`;
  const inFolder = async (text: string, body: (file: string) => Promise<void>): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'validation-'));
    try {
      writeFileSync(join(folder, 'a.proto'), text);
      await body(join(folder, 'a.proto'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  for (const [expression, mistake] of expressions) {
    test(`CEL at start-up: ${expression}`, async () => {
      const fine = proto(whole).replace('(buf.validate.field).string.min_len = 1', 'deprecated = true');
      await inFolder(fine.replace('EXPRESSION', JSON.stringify(expression)), async (file) => {
        const created = createGateway({ protos: [file], mock: true, validation });
        if (mistake === undefined) return await (await created).close();
        await assert.rejects(created, (error) => {
          assert.ok(error instanceof SchemaError);
          const told = error.problems.map((problem) => formatProblem(problem).replace(file, ''));
          assert.deepEqual(told, [`:8 bad.v1.In: its rule \`${expression}\` cannot be: ${mistake}`]);
          return true;
        });
      });
    });
  }

  test('rules of one’s own; one that fails is the service’s mistake, told as a finding', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'validation-'));
    const file = join(folder, 'odd.proto');
    writeFileSync(file, proto(odd).replace('(buf.validate.field).string.min_len = 1', 'deprecated = true'));
    const own = await startServer({ protos: [file], mock: true, listen, validation });
    try {
      const { findings } = own.gateway.generation;
      assert.deepEqual(
        findings.map(({ subject }) => subject),
        ['bad.v1.In.b'],
      );
      const call = (body: unknown): Promise<Answer> => send(own, '/bad.v1.Bad/Call', body);
      assert.match((await call({ a: 2, b: 1 })).text, /"a: must be odd"/);
      assert.deepEqual(await call({ a: 1, b: 1 }), { status: 200, text: '{}' });
      const failed = await call({ a: 1 });
      assert.deepEqual(
        [failed.status, JSON.parse(failed.text)],
        [500, { code: 'internal', message: 'internal error', details: [] }],
      );
    } finally {
      await own.close();
      rmSync(folder, { recursive: true });
    }
  });
});
