// Runs the generators and fails when one of the committed files they write is not what they write now. The new ones stay in
// place, to be looked at and committed.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const generators = ['golden', 'schema'];
const outputs = ['openapi', 'test/golden', 'tandem.schema.json', 'docs/configuration.md'];

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}
const snapshot = () => new Map(outputs.flatMap(filesOf).map((file) => [file, readFileSync(file, 'utf8')]));

const before = snapshot();
for (const name of generators) execFileSync('npm', ['run', name], { stdio: 'inherit' });
const after = snapshot();
const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
  (file) => before.get(file) !== after.get(file),
);
for (const file of changed) console.error(`${file} was not what its generator writes`);
console.log(`${after.size} generated files, ${changed.length} changed`);
process.exitCode = changed.length > 0 ? 1 : 0;
