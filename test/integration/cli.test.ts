/** The compiled command, run as users run it. The rows are test/cases/cli.json. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';

interface CliCase {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the working directory. */
  readonly files?: Readonly<Record<string, string>>;
  readonly exit: number;
  /** The whole output, or parts of it. */
  readonly stdout?: string;
  readonly stderr?: string;
  readonly stdoutHas?: readonly string[];
  readonly stderrHas?: readonly string[];
}

const root = resolve('.');
const version: string = JSON.parse(readFileSync('package.json', 'utf8')).version;
const text = readFileSync('test/cases/cli.json', 'utf8').replaceAll('$ROOT', root).replaceAll('$VERSION', version);
const cases: readonly CliCase[] = JSON.parse(text);

for (const { name, args, env = {}, files = {}, exit, stdoutHas = [], stderrHas = [], ...whole } of cases) {
  test(`tandem: ${name}`, (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'tandem-cli-'));
    t.after(() => rmSync(directory, { recursive: true }));
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), content);
    }
    const { PATH = '' } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist/cli.js'), ...args], {
      cwd: directory,
      env: { PATH, ...env },
      encoding: 'utf8',
      timeout: 30_000,
    });
    assert.equal(status, exit, `${stdout}\n${stderr}`);
    if (whole.stdout !== undefined) assert.equal(stdout, whole.stdout);
    if (whole.stderr !== undefined) assert.equal(stderr, whole.stderr);
    // Columns are as wide as what stands in them.
    const narrow = stdout.replaceAll(/ +/g, ' ');
    for (const part of stdoutHas)
      assert.ok(
        [stdout, narrow].some((text) => text.includes(part)),
        `${part}: ${stdout}`,
      );
    for (const part of stderrHas) assert.ok(stderr.includes(part), `${part} is not in\n${stderr}`);
  });
}

/** Figures of bytes and time are those of one run on one machine; columns are as wide as they need. */
function withoutFigures(text: string): string {
  return text.replaceAll(/\d+(\.\d+)? (kB|B|ms)\b/g, '# $2').replaceAll(/ +/g, ' ');
}

// A block that begins with `$ tandem` is a command line, its output below it.
for (const file of ['docs/cli.md', 'docs/compare.md']) {
  const examples = [...readFileSync(file, 'utf8').matchAll(/^```\n\$ tandem ([^\n]*)\n(.*?)^```$/gms)];
  assert.ok(examples.length > 0, file);
  for (const [, line = '', output = ''] of examples) {
    test(`${file}: tandem ${line}`, () => {
      const args = line.split(' ').map((word) => word.replaceAll("'", ''));
      const { stdout } = spawnSync(process.execPath, ['dist/cli.js', ...args], { encoding: 'utf8' });
      assert.equal(withoutFigures(stdout), withoutFigures(output));
    });
  }
}
