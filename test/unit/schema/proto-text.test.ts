/**
 * Proto text that other JavaScript parsers get wrong, each row one such way: repeats lost, names not resolved, escapes
 * and brackets refused, comments dropped or flattened, JSON names derived otherwise.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Described, Schema } from '../../../src/schema/descriptors.ts';
import { loadSchema, schemaFromDescriptorSet } from '../../../src/schema/load-schema.ts';

interface Row {
  readonly name: string;
  /** Statements within `rpc M(R) returns (R) { … }` of a service S. */
  readonly rule?: string;
  /** What stands behind the package statement otherwise. */
  readonly body?: string;
  readonly file?: string;
  readonly package?: string;
  /** Name within the package; the method S.M when left out. */
  readonly element?: string;
  readonly options?: object;
  readonly jsonName?: string;
  readonly comment?: string;
  readonly problem?: string;
}

const rows: readonly Row[] = JSON.parse(readFileSync('test/cases/proto-text.json', 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'tandem-'));
const path = join(scratch, 'a.proto');
after(() => rmSync(scratch, { recursive: true }));

function textOf(row: Row): string {
  const head = `syntax = "proto3"; package ${row.package ?? 'p'};\n`;
  if (row.rule === undefined) return row.file ?? head + row.body;
  const imports = 'import "google/api/annotations.proto"; import "google/api/client.proto";';
  return `${head}${imports}\nmessage R {}\nservice S {\nrpc M(R) returns (R) {\n${row.rule}\n}}`;
}

function elementOf(schema: Schema, name: string): Described & { readonly jsonName?: string } {
  const [message = '', field] = [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1)];
  const found =
    schema.messages.get(name) ?? schema.methods.get(name) ?? schema.messages.get(message)?.fieldsByName.get(field);
  assert.ok(found, `${name} is missing`);
  return found;
}

for (const row of rows) {
  test(row.name, async () => {
    writeFileSync(path, textOf(row));
    const loading = loadSchema({ protos: [path] });
    if (row.problem !== undefined) return assert.rejects(loading, { message: join(scratch, row.problem) });
    const { schema } = await loading;
    const element = elementOf(schema, `${row.package ?? 'p'}.${row.element ?? 'S.M'}`);
    assert.equal(element.name, (row.element ?? 'M').split('.').at(-1));
    if (row.options !== undefined) {
      assert.deepEqual(
        Object.fromEntries(element.options.names.map((name) => [name, element.options.get(name)])),
        row.options,
      );
    }
    if (row.jsonName !== undefined) assert.equal(element.jsonName, row.jsonName);
    if (row.comment !== undefined) assert.equal(element.comment, row.comment);
  });
}

test('custom options, JSON names and comments are kept from a descriptor set', () => {
  const schema = schemaFromDescriptorSet(readFileSync('test/fixtures/schema/protoc.binpb'));
  const field = schema.messages.get('schema.kitchen.Pantry')?.fieldsByName.get('odd_json');
  assert.equal(field?.jsonName, 'odd-JSON');
  assert.equal(field?.comment, 'trailing of the line above? No: leading of odd_json.');
  assert.ok(schema.methods.get('schema.kitchen.Cook.Fry')?.options.get('google.api.http'));
});

test('many files need few file handles', () => {
  const names = Array.from({ length: 400 }, (_, index) => `f${index}.proto`);
  for (const [index, name] of names.entries())
    writeFileSync(join(scratch, name), `syntax = "proto3"; message M${index} {}`);
  const all = names.map((name) => `import "${name}";`).join('');
  writeFileSync(path, `syntax = "proto3"; ${all}`);
  const script = `import('./build/src/schema/load-schema.js').then(async ({ loadSchema }) => {
    const { schema } = await loadSchema({ protos: [${JSON.stringify(path)}] });
    console.log(schema.messages.has('M399'));
  });`;
  const run = spawnSync('sh', ['-c', 'ulimit -n 200; exec "$0" -e "$1"', process.execPath, script]);
  assert.equal(run.stdout.toString(), 'true\n', run.stderr.toString());
});
