import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseConfig } from '../../../src/cli/config-file.ts';
import { formatProblem, SchemaError } from '../../../src/schema/problem.ts';

interface FileCase {
  readonly name: string;
  readonly text: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly content?: unknown;
  readonly problems?: readonly string[];
}

const cases: readonly FileCase[] = JSON.parse(readFileSync('test/cases/config-file.json', 'utf8'));

for (const { name, text, env = {}, content, problems } of cases) {
  test(`configuration file: ${name}`, () => {
    const read = (): unknown => parseConfig(text, { file: 't.yaml', environment: env }).content;
    if (problems === undefined) return assert.deepEqual(read(), content);
    assert.throws(read, (error) => {
      assert.ok(error instanceof SchemaError, String(error));
      assert.deepEqual(error.problems.map(formatProblem), problems);
      return true;
    });
  });
}
