/** A message to the request that a rule makes of it, and back: what binding gives for it is the same message. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createCodec } from '../../src/codec/create-codec.ts';
import { createGateway } from '../../src/index.ts';
import type { Binding } from '../../src/routing/binding.ts';
import { StatusError } from '../../src/status/status-error.ts';
import type { HttpRequest } from '../../src/transcode/exchange.ts';
import { type MessageJson, outgoingRequest, outgoingStream } from '../../src/transcode/outgoing-request.ts';
import { exampleRequests, type Known, operationsOf } from './example-requests.ts';

async function load(protos: readonly string[]) {
  const gateway = await createGateway({ protos, mock: true });
  await gateway.close();
  const { generation } = gateway;
  const codec = createCodec(generation.schema);
  /** The request's message as JSON, and the rule that it meets. */
  const bind = (method: string, target: string, headers: HttpRequest['headers'], body: Uint8Array) => {
    const { outcome } = gateway.match(method, target, headers);
    if (outcome.kind !== 'matched') return undefined;
    const { binding, captures } = outcome;
    const { request } = generation.transcoder.of(binding);
    if (request.kind !== 'one') return undefined;
    const http = { method, target, headers, body };
    const { message } = request.bind(http, captures);
    const json = Buffer.from(codec.messageWriter(binding.method.input)(message)).toString();
    return { binding, message: JSON.parse(json) as MessageJson };
  };
  return { generation, bind };
}

const known: Known = (place, name) =>
  place === 'path' && name === 'shelf' ? 'a b' : place === 'path' && name === 'book' ? 'ü%:' : undefined;

for (const protos of [['protos/example'], ['test/protos/workshop']]) {
  test(`every example of ${protos}`, async () => {
    const { generation, bind } = await load(protos);
    const document = (await generation.documents()).whole();
    let count = 0;
    for (const operation of operationsOf(document)) {
      for (const example of exampleRequests(document, operation, known)) {
        const { method, target, headers, body = '' } = example;
        const first = attempt(() => bind(method, target, headers, Buffer.from(body)));
        if (first === undefined) continue;
        const { binding, message } = first;
        const sent = outgoingRequest(binding, message);
        const second = bind(
          method,
          sent.target,
          sent.contentType === undefined ? {} : { 'content-type': sent.contentType },
          sent.body,
        );
        assert.deepEqual([second?.binding.id, second?.message], [binding.id, message], `${method} ${sent.target}`);
        count++;
      }
    }
    assert.ok(count > 20, `${count} examples`);
  });
}

/** An example that is refused, for two members of a oneof, says nothing here. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

const refusals: readonly (readonly [rule: string, message: MessageJson, why: string])[] = [
  ['example.library.v1.Library.GetBook', {}, 'name: is part of the path, which wants shelves/*/books/*; it is not set'],
  [
    'example.library.v1.Library.GetBook',
    { name: 'shelves/1' },
    'name: is part of the path, which wants shelves/*/books/*; it is "shelves/1"',
  ],
  ['example.Greeter.SayHello', { name: '' }, 'name: is part of the path, which wants *; it is ""'],
  ['example.library.v1.Library.ListShelves', { colour: 1 }, 'colour: there is no such field'],
];
for (const [rule, message, why] of refusals) {
  test(`${rule} ${JSON.stringify(message)}`, async () => {
    const { generation } = await load(['protos/example']);
    const binding = generation.table.bindings.find(({ id }) => id === `${rule}#0`) as Binding;
    assert.throws(
      () => outgoingRequest(binding, message),
      (error) => error instanceof StatusError && error.message === why,
    );
  });
}

/** Messages of a stream, and the request that carries them: as an array and as lines. */
const streams: readonly (readonly [rpc: string, messages: readonly MessageJson[], target: string, body: string])[] = [
  ['Collect', [{ room: 'a b', text: 'x' }, { text: 'y', number: 2 }], '/v1/rooms/a%20b/lines:collect', '[{"text":"x"},{"text":"y","number":2}]'],
  ['Collect', [{ room: 'a' }, { room: 'b' }], '/v1/rooms/a/lines:collect', '[{},{"room":"b"}]'],
  ['Dictate', [{ room: 'a', number: 5, text: 'x' }, { text: 'y' }, {}], '/v1/rooms/a:dictate?number=5', '["x","y",null]'],
  ['Dictate', [{ room: 'a' }, { text: 'y' }], '/v1/rooms/a:dictate', '[null,"y"]'],
  ['Knock', [{ room: 'a', text: 'x' }], '/v1/rooms/a:knock?text=x', ''],
  ['Record', [{ contentType: 'audio/ogg', data: 'YWI=' }, { data: 'Yw==' }], '/v1/record', 'abc'],
]; // biome-ignore format: a table
describe('a stream of requests', () => {
  let rooms: Awaited<ReturnType<typeof loadStreams>>;
  before(async () => {
    rooms = await loadStreams();
  });
  for (const [rpc, messages, target, body] of streams) {
    test(`${rpc} ${JSON.stringify(messages)}`, () => {
      const { sent, received } = rooms.carry(rpc, messages);
      assert.deepEqual([sent.target, Buffer.from(sent.body).toString()], [target, body]);
      // An upload comes in the pieces of its body.
      if (rpc !== 'Record') {
        assert.deepEqual(received, messages);
        assert.deepEqual(rooms.carry(rpc, messages, true).received, messages);
      }
    });
  }

  const refused: readonly (readonly [rpc: string, messages: readonly MessageJson[], why: string])[] = [
    ['Collect', [], '[0].room: is part of the path, which wants *; it is not set'],
    ['Collect', [{ text: 'x' }], '[0].room: is part of the path, which wants *; it is not set'],
    ['Dictate', [{ room: 'a' }, { number: 5 }], '[1].number: only the first message has a place for it in the rule'],
    ['Knock', [{ room: 'a' }, { text: 'x' }], '[1]: the rule has no body, and so no place for it'],
  ];
  for (const [rpc, messages, message] of refused) {
    test(`refused: ${rpc} ${JSON.stringify(messages)}`, () => {
      assert.throws(() => rooms.carry(rpc, messages), { message });
    });
  }
});

/** Carries messages to a binding and back. */
async function loadStreams() {
  const gateway = await createGateway({ protos: ['test/protos/rooms.proto'], mock: true });
  await gateway.close();
  const { generation } = gateway;
  const codec = createCodec(generation.schema);
  const carry = (rpc: string, messages: readonly MessageJson[], isLines = false) => {
    const binding = generation.table.bindings.find(({ method }) => method.name === rpc) as Binding;
    const sent = outgoingStream(binding, messages, isLines);
    const headers = sent.contentType === undefined ? {} : { 'content-type': sent.contentType };
    const { outcome } = gateway.match(sent.method, sent.target, headers);
    assert.ok(outcome.kind === 'matched' && outcome.binding === binding, sent.target);
    const { request } = generation.transcoder.of(binding);
    assert.ok(request.kind === 'stream');
    const stream = request.bind({ ...sent, headers }, outcome.captures);
    const write = codec.messageWriter(binding.method.input);
    const received = [...stream.push(sent.body), ...stream.end()].map((bytes) =>
      JSON.parse(Buffer.from(write(bytes)).toString()),
    );
    return { sent, received };
  };
  return { carry };
}
