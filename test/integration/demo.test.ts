import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Codec } from '../../src/codec/codec.ts';
import { createCodec } from '../../src/codec/create-codec.ts';
import { type Demo, demoProtos, startDemo } from '../../src/demo/start-demo.ts';
import type { MethodDescriptor, ServiceDescriptor } from '../../src/schema/descriptors.ts';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { StatusError } from '../../src/status/status-error.ts';
import { createGrpcJsTransport } from '../../src/upstream/grpc-js-transport.ts';
import { reflectDescriptors } from '../../src/upstream/reflection.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import type { Transport } from '../../src/upstream/transport.ts';

interface Row {
  readonly name: string;
  /** Calls on one fresh example, in their order. */
  readonly calls: readonly {
    readonly method: string;
    /** One request; an array for methods that take a stream. */
    readonly request?: unknown;
    /** What must be so in the reply; an array for methods that answer with a stream. */
    readonly reply?: unknown;
    readonly error?: unknown;
  }[];
}

const rows: readonly Row[] = JSON.parse(readFileSync(join('test', 'cases', 'demo.json'), 'utf8'));

/** Makes a call in JSON: replies as an array, or the error as `{code, message, details}`. */
async function call(transport: Transport, codec: Codec, method: MethodDescriptor, request: unknown): Promise<unknown> {
  const toWire = codec.messageReader(method.input);
  const toJson = codec.messageWriter(method.output);
  const bytesOf = (json: unknown): Uint8Array => toWire(new TextEncoder().encode(JSON.stringify(json)));
  async function* requests(): AsyncGenerator<Uint8Array> {
    for (const each of request as unknown[]) yield bytesOf(each);
  }
  const options = { path: method.path, metadata: [], deadline: performance.now() + 10_000 };
  const stream = transport.stream(options, method.isClientStreaming ? requests() : bytesOf(request));
  const replies: unknown[] = [];
  try {
    for await (const batch of stream)
      replies.push(...batch.map((bytes) => JSON.parse(new TextDecoder().decode(toJson(bytes)))));
  } catch (error) {
    assert.ok(error instanceof StatusError);
    const status = codec.schema.messages.get('google.rpc.Status');
    assert.ok(status);
    const details = error.statusDetails && new TextDecoder().decode(codec.messageWriter(status)(error.statusDetails));
    return {
      replies,
      error: { code: error.codeName, message: error.message, ...(details && { details: JSON.parse(details).details }) },
    };
  }
  return method.isServerStreaming ? replies : replies[0];
}

describe('the embedded example', () => {
  let codec: Codec;
  let services: ReadonlyMap<string, ServiceDescriptor>;
  before(async () => {
    const { schema } = await loadSchema({ protos: [demoProtos()] });
    codec = createCodec(schema);
    services = schema.services;
  });

  for (const { name, calls } of rows) {
    test(name, async (t) => {
      const demo = await startDemo();
      const transport = createGrpcJsTransport(parseTarget(demo.target));
      t.after(async () => {
        await transport.close();
        await demo.close();
      });
      for (const { method: fullName, request = {}, reply, error } of calls) {
        const method = codec.schema.methods.get(fullName);
        assert.ok(method, fullName);
        const outcome = await call(transport, codec, method, request);
        if (error !== undefined) assert.deepEqual((outcome as { error?: unknown }).error, error);
        if (reply !== undefined) assertHolds(outcome, reply, fullName);
      }
    });
  }

  describe('as a whole', () => {
    let demo: Demo;
    let transport: Transport;
    before(async () => {
      demo = await startDemo();
      transport = createGrpcJsTransport(parseTarget(demo.target));
    });
    after(async () => {
      await transport.close();
      await demo.close();
    });

    test('has every method of its protos', async () => {
      for (const service of services.values()) {
        if (!service.fullName.startsWith('example.')) continue;
        for (const method of service.methods) {
          const outcome = await call(transport, codec, method, method.isClientStreaming ? [] : {});
          assert.notEqual((outcome as { error?: { code: string } }).error?.code, 'UNIMPLEMENTED', method.fullName);
          assert.notEqual((outcome as { error?: { code: string } }).error?.code, 'UNKNOWN', method.fullName);
        }
      }
    });

    test('sends headers and trailers', async () => {
      const options = { path: '/example.Greeter/SayHello', metadata: [], deadline: performance.now() + 10_000 };
      const { headers, trailers } = await transport.unary(options, Uint8Array.of(10, 1, 65));
      assert.deepEqual(
        headers.filter(([name]) => name.startsWith('x-')),
        [['x-greeter', 'tandem']],
      );
      assert.deepEqual(trailers, [['x-greeted', '1']]);
    });

    test('tells its own descriptors', async () => {
      const { services: reflected, version } = await reflectDescriptors(transport);
      assert.deepEqual([version, reflected], ['v1', ['example.Greeter', 'example.library.v1.Library']]);
    });
  });
});

/** Holds that `actual` has what `expected` has: objects may have more, arrays and plain values may not. */
function assertHolds(actual: unknown, expected: unknown, where: string): void {
  if (Array.isArray(expected)) {
    assert.ok(Array.isArray(actual), `${where} is no array: ${JSON.stringify(actual)}`);
    assert.equal(actual.length, expected.length, `${where}: ${JSON.stringify(actual)}`);
    for (const [index, value] of expected.entries()) assertHolds(actual[index], value, `${where}[${index}]`);
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [key, value] of Object.entries(expected)) {
      assertHolds((actual as Record<string, unknown> | undefined)?.[key], value, `${where}.${key}`);
    }
  } else assert.equal(actual ?? null, expected, where);
}
