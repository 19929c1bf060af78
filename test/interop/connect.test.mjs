// The conformance suite of Connect (https://github.com/connectrpc/conformance) against the gateway as a server, by Connect, gRPC-Web and
// gRPC, HTTP/1.1 and HTTP/2, with TLS and without. Its reference server, called by gRPC, is the upstream. Outside `npm test` since it needs go and protoc:
//
//     npm run build && npm run interop
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const here = join(import.meta.dirname, 'connect');
const folder = resolve('.cache', 'interop', 'connect');
const bin = join(folder, 'bin');
const missing = ['go', 'protoc'].filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);

/** Builds the runner and its server; gives a descriptor set of what they speak. */
function build() {
  mkdirSync(folder, { recursive: true });
  for (const file of ['go.mod', 'go.sum']) cpSync(join(here, file), join(folder, file));
  const go = (...args) =>
    execFileSync('go', args, { cwd: folder, env: { ...process.env, GOBIN: bin }, encoding: 'utf8' });
  go('install', 'tool');
  const protos = join(go('list', '-m', '-f', '{{.Dir}}', 'connectrpc.com/conformance').trim(), 'proto');
  const descriptorSet = join(folder, 'conformance.binpb');
  const files = ['service', 'server_compat'].map((name) => `connectrpc/conformance/v1/${name}.proto`);
  execFileSync('protoc', [`-I${protos}`, '--include_imports', `-o${descriptorSet}`, ...files]);
  return descriptorSet;
}

// Where everything is installed on purpose, nothing may be left out in silence.
const skip = missing.length > 0 && !process.env.CI && `there is no ${missing.join(' and no ')}`;

test('conformance suite of Connect', { skip }, () => {
  const server = [process.execPath, join(here, 'server.mjs'), build(), join(bin, 'referenceserver')];
  const files = ['--conf', join(here, 'features.yaml'), '--known-failing', `@${join(here, 'known-failing.txt')}`];
  const args = ['--mode', 'server', '--max-servers', '2', '--parallel', '4', ...files, '--', ...server];
  const { status, stdout, stderr } = spawnSync(join(bin, 'connectconformance'), args, {
    encoding: 'utf8',
    timeout: 300_000,
    maxBuffer: 2 ** 28,
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  console.log(stdout.trim());
});
