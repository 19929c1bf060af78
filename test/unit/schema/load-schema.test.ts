/** What loadSchema refuses, in exact words, and what it takes beyond plain files. */
import assert from 'node:assert/strict';
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
