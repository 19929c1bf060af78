/** A message to the request that a rule makes of it, and back: what binding gives for it is the same message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCodec } from '../../src/codec/create-codec.ts';
import { createGateway } from '../../src/index.ts';
import type { Binding } from '../../src/routing/binding.ts';
import { StatusError } from '../../src/status/status-error.ts';
import type { HttpRequest } from '../../src/transcode/exchange.ts';
import { type MessageJson, outgoingRequest } from '../../src/transcode/outgoing-request.ts';
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
    const document = generation.documents.whole();
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
