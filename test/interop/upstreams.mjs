// The upstreams of the interop test: servers in other languages, built from the example protos when they are first needed.
// Each is either `{ start(tls?) }` or `{ missing: why it cannot run here }`.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { startProcess } from '../../scripts/start-process.mjs';
import { pythonWith } from './python.mjs';

const here = import.meta.dirname;
const cache = resolve('.cache', 'interop');
export const googleProtos = resolve('node_modules', 'google-proto-files');
const ready = /^upstream listening on (\S+)$/m;

function runs(command, ...args) {
  try {
    execFileSync(command, args, { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** grpcio in Python. */
function pythonUpstream() {
  const python = pythonWith(
    'google.api.httpbody_pb2, google.rpc.status_pb2, grpc, grpc_reflection.v1alpha, grpc_tools',
  );
  if (python === undefined) return { missing: 'Python lacks the packages of test/interop/python/requirements.txt' };
  const args = [join(here, 'python', 'server.py'), '--proto', resolve('protos'), '--google-protos', googleProtos];
  return { start: () => startProcess(python, args, { ready }) };
}

/** Generates the Go code of the example protos beside a copy of the server, and compiles it. */
function buildGo() {
  const folder = join(cache, 'go');
  const bin = join(folder, 'bin');
  const go = (...args) =>
    execFileSync('go', args, { cwd: folder, env: { ...process.env, GOBIN: bin }, stdio: 'inherit' });
  cpSync(join(here, 'go'), folder, { recursive: true });
  mkdirSync(join(folder, 'gen'), { recursive: true });
  go('install', 'google.golang.org/protobuf/cmd/protoc-gen-go', 'google.golang.org/grpc/cmd/protoc-gen-go-grpc');
  const names = ['greeter', 'library'];
  const packages = names.map((name) => `Mexample/${name}.proto=interop/gen/${name}`);
  const options = ['go', 'go-grpc'].flatMap((plugin) => [
    `--${plugin}_out=${folder}`,
    ...['module=interop', ...packages].map((option) => `--${plugin}_opt=${option}`),
  ]);
  const files = names.map((name) => `example/${name}.proto`);
  execFileSync('protoc', [`-I${resolve('protos')}`, `-I${googleProtos}`, ...options, ...files], {
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
    stdio: 'inherit',
  });
  go('build', '-o', join(bin, 'server'), '.');
  return join(bin, 'server');
}

/** grpc-go, in plaintext or, given a certificate, by TLS. */
function goUpstream() {
  if (!runs('go', 'version')) return { missing: 'there is no go' };
  let program;
  const start = ({ cert, key } = {}) => {
    program ??= buildGo();
    return startProcess(program, cert === undefined ? [] : ['-cert', cert, '-key', key], { ready });
  };
  return { start };
}

// The descriptor set, one of the ways to get at the schema, is protoc's work for both.
const withProtoc = (upstream) => (runs('protoc', '--version') ? upstream : { missing: 'there is no protoc' });

export const upstreams = {
  'grpcio, reflection v1alpha': withProtoc(pythonUpstream()),
  'grpc-go, reflection v1': withProtoc(goUpstream()),
};
