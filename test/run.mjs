// Runs the compiled tests (build/test/**/*.test.js) with Node's own runner; arguments narrow them down by path.
//   node test/run.mjs routing codec
//   node test/run.mjs --frozen unit       (with a frozen Object.prototype)
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';

const root = join('build', 'test');
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const isFrozen = process.argv.includes('--frozen');
const flags = process.argv.slice(2).filter((argument) => argument.startsWith('-') && argument !== '--frozen');
const files = readdirSync(root, { recursive: true })
  .filter((file) => file.endsWith('.test.js'))
  // The compiler leaves what it made of a file that is gone.
  .filter((file) => existsSync(join('test', file.replace(/js$/, 'ts'))))
  .filter((file) => wanted.length === 0 || wanted.some((word) => file.split(sep).join('/').includes(word)))
  .map((file) => join(root, file))
  .sort();
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}
const env = { ...process.env };
// Child processes have it too.
if (isFrozen)
  env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ''} --import ${new URL('./freeze-prototype.mjs', import.meta.url)}`;
const run = ['--enable-source-maps', ...flags, '--test', ...files];
process.exit(spawnSync(process.execPath, run, { stdio: 'inherit', env }).status ?? 1);
