import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

test('tandem.schema.json and the tables of docs/configuration.md are what the schema says', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/schema.mjs', '--check'], { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
});
