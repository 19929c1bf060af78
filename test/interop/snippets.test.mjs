// The code that the page /compare writes, run as a reader would run it: each language gives the same answer. Outside `npm test` since it needs
// those languages:
//
//     npm run build && node --test test/interop/snippets.test.mjs
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startTandem } from '../../scripts/start-process.mjs';
import { clients, jars, javaPlugin, missing as missingTool, servers } from './tools.mjs';
import { googleProtos } from './upstreams.mjs';

const run = promisify(execFile);
const cache = resolve('.cache', 'interop');
const runs = (program, ...args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

const filter = { publishedAfter: '1800-01-01T00:00:00Z', inPrint: true, author: {} };
const calls = [
  {
    method: 'Greeter.SayHello',
    message: { name: `A "quoted" 'name', Wörld` },
    texts: [`Hello A "quoted" 'name', Wörld`],
  },
  { method: 'Library.GetBook', message: { name: 'shelves/fiction/books/frankenstein' }, texts: ['Frankenstein'] },
  { method: 'Library.SearchBooks', message: { text: 'e', filter } },
  { method: 'Library.StreamBooks', message: { parent: 'shelves/fiction', interval: '0.001s' } },
  { method: 'Library.AskLibrarian', message: [{ text: 'moby' }, { text: `it's "o"` }] },
  {
    method: 'Library.ImportBooks',
    message: [1, 2].map((volume) => ({ parent: 'shelves/poetry', book: { title: 'A', volume } })),
  },
];

const ownPython = join(cache, 'python', 'bin', 'python');
const python = existsSync(ownPython) ? ownPython : 'python3';
const hasPython = runs(python, '-c', 'import google.api.annotations_pb2, grpc_tools, requests');
const pythonPath = { ...process.env, PYTHONPATH: [resolve('protos'), googleProtos].join(delimiter) };
const hasGo = runs('go', 'version') && runs('protoc', '--version');
let goFolder;

/** A module with the generated code of the examples, as a reader has one. */
function goModule() {
  if (goFolder !== undefined) return goFolder;
  goFolder = join(cache, 'go-snippets');
  const bin = join(goFolder, 'bin');
  mkdirSync(join(goFolder, 'call'), { recursive: true });
  for (const file of ['go.mod', 'go.sum']) cpSync(resolve('test/interop/go', file), join(goFolder, file));
  const env = { ...process.env, GOBIN: bin, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const plugins = ['google.golang.org/protobuf/cmd/protoc-gen-go', 'google.golang.org/grpc/cmd/protoc-gen-go-grpc'];
  execFileSync('go', ['install', ...plugins], { cwd: goFolder, env, stdio: 'inherit' });
  const options = ['go', 'go-grpc'].flatMap((plugin) => [
    `--${plugin}_out=${goFolder}`,
    ...['module=interop', ...['greeter', 'library'].map((name) => `Mexample/${name}.proto=interop/gen/${name}`)].map(
      (option) => `--${plugin}_opt=${option}`,
    ),
  ]);
  const files = ['example/greeter.proto', 'example/library.proto'];
  execFileSync('protoc', [`-I${resolve('protos')}`, `-I${googleProtos}`, ...options, ...files], { env });
  return goFolder;
}

async function runGo(code, method) {
  const folder = goModule();
  const own = `interop/gen/${method.split('.')[0].toLowerCase()}`;
  writeFileSync(join(folder, 'call', 'main.go'), code.replace('your.module/gen', own));
  return await run('go', ['run', './call'], { cwd: folder });
}

let javaPath;

/** The classes of the examples and all that they need, as a reader's build has them. */
async function javaClasses() {
  if (javaPath !== undefined) return javaPath;
  const folder = join(cache, 'java-snippets');
  const [protos, sources, classes] = ['protos', 'sources', 'classes'].map((name) => join(folder, name));
  for (const each of [join(protos, 'example'), sources, classes]) mkdirSync(each, { recursive: true });
  chmodSync(javaPlugin.built, 0o755);
  const files = ['example/greeter.proto', 'example/library.proto'];
  for (const file of files) {
    const text = readFileSync(join('protos', file), 'utf8');
    writeFileSync(join(protos, file), text.replace(/^package .*$/m, '$&\noption java_multiple_files = true;'));
  }
  const outputs = [`--java_out=${sources}`, `--grpc-java_out=${sources}`];
  const given = [`-I${protos}`, `-I${googleProtos}`, `--plugin=protoc-gen-grpc-java=${javaPlugin.built}`];
  execFileSync('protoc', [...given, ...outputs, ...files]);
  javaPath = [classes, join(jars, '*')].join(delimiter);
  const generated = readdirSync(sources, { recursive: true }).filter((file) => file.endsWith('.java'));
  await run('javac', ['-J-XX:TieredStopAtLevel=1', '-nowarn', '-d', classes, '-cp', javaPath, ...generated], {
    cwd: sources,
  });
  return javaPath;
}

async function runJava(code) {
  const path = await javaClasses();
  const file = join(cache, 'java-snippets', 'Call.java');
  writeFileSync(file, code);
  return await run('java', ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-cp', path, file]);
}

const withBin = { ...process.env, PATH: `${dirname(clients.grpcurl.built)}${delimiter}${process.env.PATH}` };

/** How a reader runs each, and why it cannot be run here. */
const languages = {
  fetch: { go: (code) => run(process.execPath, ['--input-type=module', '-e', code]) },
  'grpc-js': { go: (code) => run(process.execPath, ['--input-type=module', '-e', code]) },
  curl: { go: (code) => run('sh', ['-c', code]), missing: !runs('curl', '--version') && 'there is no curl' },
  grpcurl: { go: (code) => run('sh', ['-c', code], { env: withBin }), missing: missingTool(clients.grpcurl) },
  'python-requests': { go: (code) => run(python, ['-c', code]), missing: !hasPython && 'Python lacks packages' },
  'python-grpcio': {
    go: (code) => run(python, ['-c', code], { env: pythonPath }),
    missing: !hasPython && 'Python lacks packages',
  },
  'go-http': { go: runGo, missing: !hasGo && 'there is no go' },
  'go-grpc': { go: runGo, missing: !hasGo && 'there is no go' },
  java: { go: runJava, missing: missingTool(servers['grpc-java']) || missingTool(javaPlugin) },
};

let tandem;
before(async () => {
  tandem = await startTandem(['--demo']);
});
after(() => tandem.stop());

/** The code for a call, by the id of its language. */
async function codeOf({ method, message }) {
  const response = await fetch(`${tandem.url}/compare/api/snippets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ method, message, headers: { 'x-request-id': "it's" } }),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return new Map((await response.json()).map(({ id, code }) => [id, code]));
}

/** The titles, greetings and questions of an answer in their order, whatever else a language makes of it; of new books where they are. */
function textsIn(output, method) {
  if (method === 'Library.ImportBooks')
    return [...output.matchAll(/"(shelves\/\w+\/books\/)/g)].map(([, text]) => text);
  const texts = output.matchAll(/"(?:title|message|question)":\s*("(?:[^"\\]|\\.)*")/g);
  return [...texts].map(([, text]) => JSON.parse(text));
}

for (const call of calls) {
  let expected = call.texts;
  for (const [id, { go, missing = false }] of Object.entries(languages)) {
    const skip = process.env.CI ? false : missing;
    test(`${call.method} by ${id}`, { skip, timeout: 300_000 }, async () => {
      const code = (await codeOf(call)).get(id);
      assert.ok(code, `no code for ${id}`);
      const { stdout } = await go(code, call.method);
      const texts = textsIn(stdout, call.method);
      expected ??= texts;
      assert.ok(texts.length > 0, stdout);
      assert.deepEqual(texts, expected, code);
    });
  }
}
