import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadSchema } from '../../../src/schema/load-schema.ts';

test('a descriptor set that is being written is waited for', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'api.binpb');
  writeFileSync(path, '');
  const loading = loadSchema({ descriptorSets: [path] });
  writeFileSync(path, readFileSync('test/fixtures/schema/protoc.binpb'));
  assert.ok((await loading).services.length > 0);
});
