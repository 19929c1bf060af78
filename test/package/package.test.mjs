// What npm would publish, installed elsewhere and used as others use it. Outside `npm test` since it installs:
//
//     npm run build && npm run package
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { startTandem } from '../../scripts/start-process.mjs';

/** What a release may hold. Raise a figure only with a reason. */
const budget = { entryCount: 1500, size: 1_100_000, unpackedSize: 4_500_000 };

const root = resolve('.');
const home = mkdtempSync(join(tmpdir(), 'tandem-package-'));
const installed = join(home, 'node_modules', 'tandem');
after(() => rmSync(home, { recursive: true, force: true }));

/** Runs a program; when it fails, what it printed is the error. */
function run(command, args, cwd = home) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed\n${error.stdout}${error.stderr}`);
  }
}

// dist/ is there; what the build prints would stand before the JSON.
const [packed] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', home], root));

test('the package has what it needs, nothing else, and stays within its budget', () => {
  const files = packed.files.map(({ path }) => path);
  for (const name of ['dist/cli.js', 'dist/index.d.ts', 'dist/fastify.d.ts', 'tandem.schema.json', 'LICENSE']) {
    assert.ok(files.includes(name), `${name} is missing`);
  }
  assert.deepEqual(
    files.filter((file) => !/^(dist|protos|public|templates)\/|^[\w.-]+$/.test(file)),
    [],
  );
  for (const [figure, most] of Object.entries(budget)) {
    assert.ok(packed[figure] <= most, `${figure} is ${packed[figure]}, at most ${most} are allowed`);
  }
});

test('it installs elsewhere, with the newest Fastify that it allows', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const manifest = {
    private: true,
    dependencies: { tandem: `file:${packed.filename}`, fastify: dependencies.fastify },
    devDependencies: { '@types/node': devDependencies['@types/node'] },
  };
  cpSync(join(root, 'test', 'package', 'consumer'), home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  run('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']);
});

test('the plugin serves an app of somebody else', () => {
  run(process.execPath, ['plugin.mjs', join(installed, 'protos')]);
});

test('the library is there by require() and by import', () => {
  const set = join(home, 'example.binpb');
  const file = ['example.proto', 'example', 'HelloRequest'];
  writeFileSync(set, descriptorSet(...file));
  run(process.execPath, ['library.cjs', set]);
});

for (const exact of [true, false]) {
  test(`a strict consumer compiles, exactOptionalPropertyTypes ${exact}`, () => {
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023'],
      types: ['node'],
      strict: true,
      noEmit: true,
      exactOptionalPropertyTypes: exact,
    };
    const config = { compilerOptions, files: ['host.ts'] };
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify(config));
    run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', home]);
  });
}

test('the installed command serves its demo', async () => {
  const program = [join('node_modules', '.bin', 'tandem')];
  const tandem = await startTandem(['--demo'], { command: program[0], program: [], cwd: home });
  try {
    const response = await fetch(`${tandem.url}/v1/greeter/World`);
    assert.deepEqual([response.status, await response.json()], [200, { message: 'Hello World' }]);
  } finally {
    assert.equal(await tandem.stop(), 0);
  }
});

/** A FileDescriptorSet of one file with one message that has one string field `name`, written by hand: protoc need not be here. */
function descriptorSet(file, pkg, message) {
  const text = (number, value) => [(number << 3) | 2, Buffer.byteLength(value), ...Buffer.from(value)];
  const field = [...text(1, 'name'), 3 << 3, 1, 4 << 3, 1, 5 << 3, 9];
  const nested = (number, bytes) => [(number << 3) | 2, bytes.length, ...bytes];
  const type = [...text(1, message), ...nested(2, field)];
  return Buffer.from(nested(1, [...text(1, file), ...text(2, pkg), ...nested(4, type), ...text(12, 'proto3')]));
}
