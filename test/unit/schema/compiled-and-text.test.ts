/**
 * The proto text of test/protos/schema and what compilers made of it must end in the same descriptors, comments and
 * positions included. The sets of test/fixtures/schema were written in test/protos/schema by
 *   protoc -I. -I$GOOGLE --include_source_info -o ../../fixtures/schema/protoc.binpb marks.proto kitchen.proto legacy.proto hostile_names.proto
 * (3.21.12, which knows no editions; $GOOGLE is node_modules/google-proto-files) and by
 *   buf build --exclude-imports --as-file-descriptor-set -o ../../fixtures/schema/buf.binpb --path modern.proto --path marks.proto
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type DescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { collectHttpRules } from '../../../src/schema/collect-http-rules.ts';
import type { HttpRule } from '../../../src/schema/http-rule.ts';
import type { LoadedSchema } from '../../../src/schema/load-schema.ts';
import { loadSchema, schemaFromDescriptorSet } from '../../../src/schema/load-schema.ts';
import { snapshot } from './snapshot.ts';

const folder = 'test/protos/schema';
const compiled = {
  'protoc.binpb': ['marks.proto', 'kitchen.proto', 'legacy.proto', 'hostile_names.proto'],
  'buf.binpb': ['marks.proto', 'modern.proto'],
};

const isAny = (): boolean => true;
const noConfigs = { rules: [], mixins: [], problems: [] };
const isOwn = (name: string): boolean => !/^google[./]/.test(name);

for (const [set, files] of Object.entries(compiled)) {
  test(`${files.join(', ')} as text and in ${set} are the same`, async () => {
    const text = await loadSchema({ protos: files.map((file) => join(folder, file)) });
    const binary = await loadSchema({ descriptorSets: [join('test/fixtures/schema', set)] });
    assert.deepEqual(snapshot(text.schema, isOwn), snapshot(binary.schema, isOwn));
    assert.deepEqual(
      text.services.map(({ fullName }) => fullName),
      binary.services.map(({ fullName }) => fullName),
    );
  });
}

test('source info that is damaged is told by the first who reads it', async () => {
  const bytes = readFileSync('test/fixtures/schema/buf.binpb');
  // Nothing has the number 0, whose tag would be this byte.
  bytes[bytes.indexOf('Custom options of every kind') - 3] = 0;
  const schema = await schemaFromDescriptorSet(bytes);
  assert.throws(() => snapshot(schema, isAny), {
    name: 'SchemaError',
    message: /: the source info of marks\.proto is damaged \(.*\); write one with: protoc /,
  });
});

test('a schema from text survives its own bytes', async () => {
  const { schema } = await loadSchema({ protos: [folder] });
  const fileDescriptors = [...schema.files.values()].map((file) => file.toBytes());
  const again = await loadSchema({ fileDescriptors });
  const withoutSource = (rows: Map<string, unknown>): unknown =>
    JSON.parse(JSON.stringify([...rows]), (key, value) =>
      ['comment', 'line', 'column'].includes(key) ? undefined : value,
    );
  assert.deepEqual(withoutSource(snapshot(again.schema, isOwn)), withoutSource(snapshot(schema, isOwn)));
});

test('rules are read from descriptors without JSON names, as generated code holds them', async () => {
  const text = await loadSchema({ protos: ['protos/example/library.proto'] });
  const stripNames = ({ field: fields, nestedType }: DescriptorProto): void => {
    for (const field of fields) field.jsonName = '';
    nestedType.forEach(stripNames);
  };
  const fileDescriptors = [...text.schema.files.values()].map((file) => {
    const proto = fromBinary(FileDescriptorProtoSchema, file.toBytes());
    proto.messageType.forEach(stripNames);
    return toBinary(FileDescriptorProtoSchema, proto);
  });
  const stripped = collectHttpRules(await loadSchema({ fileDescriptors }), noConfigs);
  assert.deepEqual(stripped.problems, []);
  const bare = ({ httpMethod, path, body, responseBody }: HttpRule): readonly string[] => [
    httpMethod,
    path,
    body,
    responseBody,
  ];
  const rulesOf = ({ rules }: typeof stripped): unknown =>
    rules.map(({ method, rules: own }) => [method.fullName, own.map(bare)]);
  assert.deepEqual(rulesOf(stripped), rulesOf(collectHttpRules(text, noConfigs)));
});

test('createCodec gets its schema from bytes at once', () => {
  const schema = schemaFromDescriptorSet(readFileSync('test/fixtures/schema/protoc.binpb'));
  assert.equal(schema.messages.get('schema.kitchen.Pantry')?.fieldsByJsonName.get('odd-JSON')?.name, 'odd_json');
  assert.ok(schema.messages.has('google.protobuf.Any') && schema.messages.has('google.rpc.BadRequest'));
});

// Real APIs, where protoc is at hand (Debian: protobuf-compiler). In all: every kind of file Google has.
const google = 'node_modules/google-proto-files';
const packages = [
  'pubsub/v1',
  'logging/v2',
  'spanner/v1',
  'storage/v2',
  'example/library/v1',
  'cloud/speech/v2',
  'longrunning',
  'type',
  'api',
  'rpc',
];
const hasProtoc = spawnSync('protoc', ['--version']).status === 0;

for (const name of packages) {
  const skip = hasProtoc ? false : 'protoc is not installed';
  test(`google/${name} as text and by protoc are the same`, { skip }, async () => {
    const protos = protosIn(`${google}/google/${name}`);
    const scratch = mkdtempSync(join(tmpdir(), 'tandem-'));
    try {
      const set = join(scratch, 'set.binpb');
      const run = spawnSync('protoc', [
        `-I${google}`,
        '--include_imports',
        '--include_source_info',
        '-o',
        set,
        ...protos,
      ]);
      assert.equal(run.status, 0, run.stderr.toString());
      const text = await loadSchema({ protos, imports: [google] });
      const binary = await loadSchema({ descriptorSets: [set] });
      assert.deepEqual(snapshot(text.schema, isAny), snapshot(binary.schema, isAny));
      // A set does not tell the files asked for from those they import: all its services are served.
      const { services } = text;
      assert.deepEqual(
        rulesOf(text),
        rulesOf({
          ...binary,
          services: services.flatMap(({ fullName }) => binary.schema.services.get(fullName) ?? []),
        }),
      );
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
}

/** By method, since the order of files is their own. */
function rulesOf(loaded: LoadedSchema): Map<string, unknown> {
  const { rules } = collectHttpRules(loaded, { rules: [], mixins: [], problems: [] });
  const withLines = (own: readonly HttpRule[]): unknown =>
    own.map(({ position: { line }, ...rule }) => ({ ...rule, line }));
  return new Map(rules.map(({ method, rules: own }) => [method.fullName, withLines(own)]));
}

function protosIn(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.proto'))
    .map((file) => join(path, file));
}
