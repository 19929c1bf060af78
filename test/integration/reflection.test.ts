import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { reflectionService } from '../../src/demo/reflection-service.ts';
import type { Schema } from '../../src/schema/descriptors.ts';
import { loadSchema } from '../../src/schema/load-schema.ts';
import { createGrpcJsTransport } from '../../src/upstream/grpc-js-transport.ts';
import { reflectDescriptors } from '../../src/upstream/reflection.ts';
import { parseTarget } from '../../src/upstream/target.ts';
import type { Transport } from '../../src/upstream/transport.ts';
import { type ScriptedReply, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const services = ['example.Greeter', 'example.library.v1.Library'];

async function startReflection(
  t: TestContext,
  versions: readonly string[],
): Promise<{ schema: Schema; transport: Transport }> {
  const { schema } = await loadSchema({ protos: ['protos'] });
  const { definition, implementation } = reflectionService(schema, [
    ...services,
    'grpc.reflection.v1.ServerReflection',
  ]);
  const server = new grpc.Server();
  for (const version of versions) {
    server.addService({ [version]: definition[version] } as grpc.ServiceDefinition, implementation);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const transport = createGrpcJsTransport(parseTarget(`127.0.0.1:${port}`));
  t.after(async () => {
    await transport.close();
    server.forceShutdown();
  });
  return { schema, transport };
}

for (const versions of [['v1', 'v1alpha'], ['v1alpha']] as const) {
  test(`all services of a server that speaks ${versions.join(' and ')}`, async (t) => {
    const { schema, transport } = await startReflection(t, versions);
    const reflected = await reflectDescriptors(transport);
    assert.equal(reflected.version, versions[0]);
    assert.deepEqual(reflected.services, services);
    assert.deepEqual(reflected.missing, []);
    const loaded = await loadSchema({ fileDescriptors: reflected.files });
    assert.deepEqual(loaded.services.map(({ fullName }) => fullName).sort(), services);
    for (const [name, method] of loaded.schema.methods) {
      assert.deepEqual(method.options.get('google.api.http'), schema.methods.get(name)?.options.get('google.api.http'));
    }
    const order = reflected.files.length;
    assert.equal(
      new Set(reflected.files.map((bytes) => Buffer.from(bytes).toString('base64'))).size,
      order,
      'each once',
    );
  });
}

test('one service brings its own files alone', async (t) => {
  const { transport } = await startReflection(t, ['v1']);
  const { files } = await reflectDescriptors(transport, { services: ['example.Greeter'] });
  const { schema } = await loadSchema({ fileDescriptors: files });
  assert.ok(schema.services.has('example.Greeter'));
  assert.ok(!schema.services.has('example.library.v1.Library'));
});

test('a service that the upstream does not know', async (t) => {
  const { transport } = await startReflection(t, ['v1']);
  await assert.rejects(reflectDescriptors(transport, { services: ['example.Other'] }), {
    name: 'SchemaError',
    message:
      `upstream ${transport.target}: it does not know the service example.Other (example.Other is not known): ` +
      `it has ${services.join(', ')}`,
  });
});

const v1 = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const rows: readonly { readonly name: string; readonly script: ScriptedReply; readonly expect: object }[] = [
  {
    name: 'an upstream without reflection',
    script: { code: 12, message: 'unknown service' },
    expect: {
      name: 'SchemaError',
      message:
        /: it has no server reflection: enable it there, or give --proto or --descriptor-set instead of --reflect$/,
    },
  },
  {
    name: 'an upstream that wants to know who asks',
    script: { code: 16, message: 'who are you' },
    expect: { name: 'StatusError', codeName: 'UNAUTHENTICATED', message: 'who are you' },
  },
  {
    name: 'an upstream that answers nothing',
    script: { messages: [] },
    expect: { name: 'StatusError', message: 'server reflection ended without an answer' },
  },
  {
    name: 'an upstream that answers what is no message',
    script: { messages: [Uint8Array.of(0x22, 0x7f, 1)] },
    expect: { name: 'StatusError', message: 'the upstream sent a malformed answer to server reflection' },
  },
];

for (const { name, script, expect } of rows) {
  test(name, async (t) => {
    const upstream = await startScriptedUpstream({ [v1]: { ...script, isEarly: true } });
    const transport = createGrpcJsTransport(parseTarget(upstream.target));
    t.after(async () => {
      await transport.close();
      await upstream.close();
    });
    await assert.rejects(reflectDescriptors(transport), expect);
  });
}
