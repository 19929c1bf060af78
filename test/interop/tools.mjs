// What the interop tests run that others wrote: each is built once, into .cache/interop.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startProcess } from '../../scripts/start-process.mjs';

const cache = resolve('.cache', 'interop');
const bin = join(cache, 'bin');
/** Of grpc-java, with all that it needs. */
export const jars = join(cache, 'jars');
const java = join(import.meta.dirname, 'java');

function goProgram(name, path) {
  return { built: join(bin, name), build: ['go', ['install', path], { GOBIN: bin }] };
}

/** gRPC's own interop servers: what builds it once, where the build is, and what starts it; the port is the match's first group. */
export const servers = {
  'grpc-go': {
    ...goProgram('server', 'google.golang.org/grpc/interop/server@v1.85.0'),
    start: () =>
      startProcess(join(bin, 'server'), ['--port=0', '--use_tls=false'], {
        ready: /listening on \S*:(\d+)/,
        env: { ...process.env, GRPC_GO_LOG_SEVERITY_LEVEL: 'info' },
      }),
  },
  'grpc-java': {
    built: jars,
    build: [
      'mvn',
      ['-q', '-f', join(java, 'pom.xml'), 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`],
      {},
    ],
    start: () =>
      startProcess('java', ['-cp', join(jars, '*'), join(java, 'Server.java')], {
        ready: /listening on \S*:(\d+)/,
        timeoutMs: 60_000,
      }),
    compresses: true,
  },
};

const pluginOf = 'protoc-gen-grpc-java';
/** What makes code of grpc-java; to be made executable. */
export const javaPlugin = {
  built: join(bin, `${pluginOf}-1.76.0-linux-x86_64.exe`),
  build: [
    'mvn',
    [
      ...['-q', '-f', join(java, 'pom.xml'), 'dependency:copy', `-DoutputDirectory=${bin}`],
      `-Dartifact=io.grpc:${pluginOf}:1.76.0:exe:linux-x86_64`,
    ],
    {},
  ],
};

/** Clients, and testers of servers. */
export const clients = {
  'grpc-go': goProgram('client', 'google.golang.org/grpc/interop/client@v1.85.0'),
  'grpc-java': { built: jars, build: servers['grpc-java'].build },
  grpcurl: goProgram('grpcurl', 'github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4'),
  ghz: goProgram('ghz', 'github.com/bojand/ghz/cmd/ghz@v0.120.0'),
  h2spec: goProgram('h2spec', 'github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible'),
};

const javaClient = ['-cp', join(jars, '*'), 'io.grpc.testing.integration.TestServiceClient'];

/** Runs a client to its end; never throws. */
export function run(name, args, options) {
  if (name === 'grpc-java') return runProgram('java', [...javaClient, ...args], options);
  return runProgram(clients[name].built, args, options);
}

/** Runs any program to its end, with what it printed; never throws. `input` is its standard input. */
export function runProgram(command, args, { input = '', timeout = 60_000 } = {}) {
  return new Promise((resolve) => {
    const child = execFile(command, args, { timeout, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : (error.code ?? error.signal), stdout, stderr }),
    );
    // Most read none, and may have ended.
    child.stdin.on('error', () => {}).end(input);
  });
}

/** Why a program cannot run here, or false; it is built if it can be. */
export function missing({ built, build: [command, args, env] }) {
  if (existsSync(built)) return false;
  let failure;
  // What it fetches may come the second time.
  for (let tries = 0; tries < 2; tries++) {
    try {
      execFileSync(command, args, { env: { ...process.env, ...env }, stdio: 'pipe' });
      return false;
    } catch (error) {
      failure = error;
    }
  }
  return `cannot be built: ${failure.message}`;
}
