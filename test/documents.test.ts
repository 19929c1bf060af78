/**
 * Holds what the documents name against what is there: their links, and the scripts of package.json.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const read = (file: string): string => readFileSync(file, 'utf8');
const documents = ['.', 'docs'].flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file)),
);
const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };

for (const document of documents) {
  test(`links of ${document} lead somewhere`, () => {
    const links = [...read(document).matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)].map(([, target = '']) => target);
    assert.deepEqual(
      links.filter((target) => !existsSync(join(dirname(document), target))),
      [],
    );
  });

  test(`scripts that ${document} names exist`, () => {
    const named = [...read(document).matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    assert.deepEqual(
      named.filter((name) => !Object.hasOwn(scripts, name)),
      [],
    );
  });
}

test('CONTRIBUTING.md names every script', () => {
  // Run by other scripts, or by a command of their own.
  const byNpm = ['prepare', 'build', 'start', 'test'];
  const text = read('CONTRIBUTING.md');
  const missing = Object.keys(scripts).filter((name) => !byNpm.includes(name) && !text.includes(`npm run ${name}`));
  assert.deepEqual(missing, []);
});
