import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { watchFiles } from '../../../src/cli/watch-files.ts';

/** A folder with `tandem.yaml` in it, and what comes in its place. */
const ways: Readonly<Record<string, { before(folder: string): void; change(folder: string): void }>> = {
  'written over': {
    before: (folder) => writeFileSync(join(folder, 'tandem.yaml'), 'one'),
    change: (folder) => writeFileSync(join(folder, 'tandem.yaml'), 'two'),
  },
  'put in the place of the old one': {
    before: (folder) => writeFileSync(join(folder, 'tandem.yaml'), 'one'),
    change: (folder) => {
      writeFileSync(join(folder, 'new'), 'two');
      renameSync(join(folder, 'new'), join(folder, 'tandem.yaml'));
    },
  },
  'renewed as Kubernetes renews a ConfigMap': {
    before: (folder) => {
      version(folder, 'one');
      symlinkSync('..one', join(folder, '..data'));
      symlinkSync(join('..data', 'tandem.yaml'), join(folder, 'tandem.yaml'));
    },
    change: (folder) => {
      version(folder, 'two');
      symlinkSync('..two', join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    },
  },
};

function version(folder: string, name: string): void {
  mkdirSync(join(folder, `..${name}`));
  writeFileSync(join(folder, `..${name}`, 'tandem.yaml'), name);
}

for (const [name, { before, change }] of Object.entries(ways)) {
  test(`a file that is ${name}`, async (t: TestContext) => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-watch-'));
    t.after(() => rmSync(folder, { recursive: true }));
    before(folder);
    const file = join(folder, 'tandem.yaml');
    const seen = new Promise<string>((resolve) => {
      t.after(watchFiles([file], () => resolve(readFileSync(file, 'utf8'))));
    });
    change(folder);
    assert.equal(await seen, 'two');
  });
}
