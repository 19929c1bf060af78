/** What loadSchema refuses, in exact words, and what it takes beyond plain files. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import type { LoadedSchema } from '../../../src/schema/load-schema.ts';
import { loadSchema } from '../../../src/schema/load-schema.ts';
import { SchemaError } from '../../../src/schema/problem.ts';

interface Row {
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  /** For one method of a file that imports annotations.proto, unless it does not. */
  readonly rule?: string;
  readonly isImported?: boolean;
  /** Paths within the row's folder; the folder itself when left out. */
  readonly protos?: readonly string[];
  readonly imports?: readonly string[];
  readonly descriptorSets?: readonly string[];
  readonly problems: readonly string[];
}

const scratch = mkdtempSync(join(tmpdir(), 'tandem-'));
after(() => rmSync(scratch, { recursive: true }));

function ruleFile({ rule = '', isImported = true }: Row): Record<string, string> {
  const head = `syntax = "proto3";\npackage p;\n${isImported ? 'import "google/api/annotations.proto";' : ''}\nmessage M {}\n`;
  return { 'a.proto': `${head}service S {\n  rpc Get(M) returns (M) {\n    ${rule}\n  }\n}\n` };
}

let count = 0;

function load(row: Pick<Row, 'files' | 'protos' | 'imports' | 'descriptorSets'>): Promise<LoadedSchema> {
  const folder = join(scratch, `${count++}`);
  mkdirSync(folder);
  for (const [name, text] of Object.entries(row.files ?? {})) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const within = (paths: readonly string[] = []): string[] =>
    paths.map((path) => join(folder, path).replace(/[/]$/, ''));
  return loadSchema({
    protos: within(row.protos ?? ['']),
    imports: within(row.imports),
    descriptorSets: within(row.descriptorSets),
  });
}

/** Messages as somebody sees them who stands in the row's folder. */
function fromWithin(message: string): string[] {
  return message
    .replaceAll(new RegExp(`${scratch}/\\d+/`, 'g'), '')
    .replaceAll(new RegExp(`${scratch}/\\d+`, 'g'), '.')
    .split('\n');
}

const mistakes: readonly Row[] = JSON.parse(readFileSync('test/cases/schema-mistakes.json', 'utf8'));

for (const row of mistakes) {
  test(row.name, async () => {
    const files = row.rule === undefined ? row.files : ruleFile(row);
    await assert.rejects(load({ ...row, ...(files && { files }) }), (error) => {
      assert.ok(error instanceof SchemaError, String(error));
      assert.deepEqual(fromWithin(error.message), row.problems);
      return true;
    });
  });
}

const syntax = 'syntax = "proto3";';
const names = ({ services }: LoadedSchema): string[] => services.map(({ fullName }) => fullName).sort();

test('a folder may hold copies of google protos, imported by the names that google gave them', async () => {
  const loaded = await load({
    files: {
      'third_party/google/rpc/status.proto': `${syntax} package google.rpc; message Status { string own = 9; }`,
      'api.proto': `${syntax} import "google/rpc/status.proto"; message M { google.rpc.Status status = 1; }`,
    },
  });
  assert.deepEqual([...(loaded.schema.messages.get('google.rpc.Status')?.fieldsByName.keys() ?? [])], ['own']);
});

test("what is built in gives way to the user's declarations, whatever their file is called", async () => {
  const { schema } = await load({
    files: { 'own.proto': `${syntax} package google.rpc; message Status { string own = 9; }` },
  });
  assert.equal(schema.messages.get('google.rpc.Status')?.file.name, 'own.proto');
  assert.ok(schema.messages.has('google.rpc.BadRequest'));
});

test('imports are found in import folders first, then in the folders given, then among the built-in files', async () => {
  const { schema } = await load({
    protos: ['protos'],
    imports: ['first'],
    files: {
      'first/a.proto': `${syntax} message FirstA {}`,
      'protos/b.proto': `${syntax} import "a.proto"; import "c.proto"; import "google/api/httpbody.proto"; message B {}`,
      'protos/c.proto': `${syntax} message C {}`,
    },
  });
  for (const name of ['FirstA', 'B', 'C', 'google.api.HttpBody']) assert.ok(schema.messages.has(name), name);
  assert.equal(schema.messages.get('C')?.file.name, 'c.proto');
});

test('services of the files given are served, those of their imports are not', async () => {
  const loaded = await load({
    protos: ['api/a.proto'],
    imports: ['.'],
    files: {
      'api/a.proto': `${syntax} package p; import "b.proto"; service A { rpc Get(M) returns (M); }`,
      'b.proto': `${syntax} package p; import "google/longrunning/operations.proto"; message M {} service B {}`,
    },
  });
  assert.deepEqual(names(loaded), ['p.A']);
  assert.ok(loaded.schema.services.has('p.B') && loaded.schema.services.has('google.longrunning.Operations'));
});

test("of reflected files all services are served but gRPC's own", async () => {
  const { schema } = await load({
    files: {
      'a.proto': `${syntax} package p; service A {}`,
      'r.proto': `${syntax} package grpc.reflection.v1; service ServerReflection {}`,
    },
  });
  const fileDescriptors = ['a.proto', 'r.proto'].flatMap((name) => schema.files.get(name)?.toBytes() ?? []);
  assert.deepEqual(names(await loadSchema({ fileDescriptors })), ['p.A']);
});

test('of two files with one name the first wins: text before compiled', async () => {
  const { schema: other } = await load({ files: { 'a.proto': `${syntax} message Compiled {}` } });
  const bytes = other.files.get('a.proto')?.toBytes();
  assert.ok(bytes);
  const path = join(scratch, 'a.proto');
  writeFileSync(path, `${syntax} message Text {}`);
  const { schema } = await loadSchema({ protos: [path], fileDescriptors: [bytes] });
  assert.ok(schema.messages.has('Text') && !schema.messages.has('Compiled'));
});

test('a frozen Object.prototype breaks nothing', () => {
  const script = `Object.freeze(Object.prototype);
    const { loadSchema } = await import('./build/src/schema/load-schema.js');
    const { schema } = await loadSchema({ protos: ['test/protos/schema'] });
    const message = schema.messages.get('schema.__proto__.constructor.__proto__');
    console.log(message.fieldsByName.get('__proto__').number, schema.methods.size, ({}).polluted);`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  assert.equal(run.stdout.toString(), '1 5 undefined\n', run.stderr.toString());
});
