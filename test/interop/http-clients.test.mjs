// The HTTP of the gateway, called by curl in each version and by websocat, and examined by h2spec. Outside `npm test` since it needs them:
//
//     npm run build && npm run interop
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { startTandem } from '../../scripts/start-process.mjs';
import { clients, missing, run, runProgram } from './tools.mjs';

const ca = resolve('test/fixtures/tls/ca.crt');
const tls = { cert: resolve('test/fixtures/tls/server.crt'), key: resolve('test/fixtures/tls/server.key') };
const ndjson = 'application/x-ndjson';
const timeout = 120_000;

async function startDemo(isTls) {
  if (!isTls) return await startTandem(['--demo']);
  mkdirSync(resolve('.cache', 'interop'), { recursive: true });
  const file = resolve('.cache', 'interop', 'http-clients.yaml');
  writeFileSync(file, JSON.stringify({ listen: { tls } }));
  return await startTandem(['--demo', '--config', file]);
}

/** Says each line once the one before is answered; gives what came back to the end. */
async function talk(command, args, lines) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], timeout: 10_000 });
  const answers = [];
  const left = [...lines];
  const next = () => (left.length === 0 ? child.stdin.end() : child.stdin.write(`${left.shift()}\n`));
  next();
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(line);
    if (answers.length <= lines.length) next();
  }
  return answers;
}

const asked = ['{"text":"dune"}', '{"text":"poetry"}', '{"text":"☺"}'];
const answered = asked.map((text) => JSON.stringify({ question: JSON.parse(text).text }));

/** What curl is told, by the version that it then speaks. */
const versions = {
  'HTTP/1.1': { flags: ['--http1.1'], version: '1.1' },
  'HTTP/2 with prior knowledge': { flags: ['--http2-prior-knowledge'], version: '2' },
  'HTTP/1.1 over TLS': { flags: ['--http1.1', '--cacert', ca], version: '1.1', isTls: true },
  'HTTP/2 over TLS, by ALPN': { flags: ['--http2', '--cacert', ca], version: '2', isTls: true },
};

const requests = {
  'a reply': { args: ['/v1/shelves/poetry/books/leaves-of-grass'], status: 200 },
  'an error': { args: ['/v1/shelves/poetry/books/none'], status: 404 },
  'no rule': { args: ['/nothing'], status: 404 },
  'a body': { args: ['/v1/greeter', '--json', '{"name":"curl"}'], status: 200 },
  'a body that is no JSON': { args: ['/v1/greeter', '--json', '{"name":'], status: 400 },
  'a stream as an array': { args: ['/v1/shelves/poetry/books:stream', '--no-buffer'], status: 200 },
  'a stream as NDJSON': {
    args: ['/v1/shelves/poetry/books:stream', '--no-buffer', '-H', `accept: ${ndjson}`],
    status: 200,
  },
  'a stream as events': {
    args: ['/v1/shelves/poetry/books:stream', '--no-buffer', '-H', 'accept: text/event-stream'],
    status: 200,
  },
};

const hasCurl = spawnSync('curl', ['--version'], { encoding: 'utf8' }).stdout?.includes('HTTP2') === true;
// Where everything is installed on purpose, nothing may be left out in silence; but for websocat, which takes minutes to build.
if (!hasCurl && process.env.CI) test('curl', () => assert.fail('there is no curl that speaks HTTP/2'));
describe('curl', { skip: !hasCurl && 'there is no curl that speaks HTTP/2', timeout }, () => {
  const started = {};
  const bodies = {};
  before(async () => {
    for (const isTls of [false, true]) started[isTls] = await startDemo(isTls);
  });
  after(() => Promise.all(Object.values(started).map((tandem) => tandem.stop())));

  for (const [name, { flags, version, isTls = false }] of Object.entries(versions)) {
    describe(name, () => {
      for (const [what, { args, status }] of Object.entries(requests)) {
        test(what, async () => {
          const [target, ...rest] = args;
          const told = '\n%{http_version} %{response_code}';
          const got = await runProgram('curl', ['-sS', ...flags, '-w', told, started[isTls].url + target, ...rest]);
          const [, body, last] = /^(.*)\n(.*)$/s.exec(got.stdout) ?? [];
          assert.equal(last, `${version} ${status}`, got.stderr);
          bodies[what] ??= body;
          assert.ok(body.length > 20);
          assert.equal(body, bodies[what], 'the same in each version');
        });
      }

      test('both ways at once, each question answered before the next', async () => {
        const headers = ['-H', `content-type: ${ndjson}`, '-H', `accept: ${ndjson}`];
        const url = `${started[isTls].url}/v1/librarian:ask`;
        // `-T .` takes standard input without waiting for it.
        const args = ['-sS', ...flags, '--no-buffer', '-X', 'POST', ...headers, '-T', '.', url];
        assert.deepEqual(await talk('curl', args, asked), answered);
      });
    });
  }
});

const hasWebsocat = spawnSync('websocat', ['--version']).status === 0;
describe('websocat', { skip: !hasWebsocat && 'there is no websocat (cargo install websocat)', timeout }, () => {
  for (const isTls of [false, true]) {
    test(isTls ? 'over TLS' : 'without TLS', async (t) => {
      const tandem = await startDemo(isTls);
      t.after(() => tandem.stop());
      const url = `${tandem.url.replace('http', 'ws')}/v1/librarian:ask`;
      const args = [...(isTls ? ['--insecure'] : []), url];
      assert.deepEqual(await talk('websocat', args, asked), answered);
    });
  }
});

const noH2spec = missing(clients.h2spec);
if (noH2spec && process.env.CI) test('h2spec', () => assert.fail(noH2spec));
describe('h2spec', { skip: noH2spec, timeout }, () => {
  const known = readFileSync(join(import.meta.dirname, 'h2spec-known-failing.txt'), 'utf8').split('\n');

  for (const isTls of [false, true]) {
    test(isTls ? 'over TLS' : 'with prior knowledge', async (t) => {
      const tandem = await startDemo(isTls);
      t.after(() => tandem.stop());
      const report = resolve('.cache', 'interop', 'h2spec.xml');
      const where = ['--port', new URL(tandem.url).port, '--path', '/v1/shelves/poetry/books', '-j', report];
      const { stdout } = await run('h2spec', [...(isTls ? ['--tls', '--insecure'] : []), ...where]);
      t.diagnostic(/\d+ tests, .*/.exec(stdout)?.[0] ?? stdout);
      assert.deepEqual(
        failuresOf(readFileSync(report, 'latin1')).filter((failure) => !known.includes(failure)),
        [],
      );
    });
  }
});

/** The cases of a report that failed: `http2/5.1: closed: Sends a DATA frame`. */
function failuresOf(xml) {
  assert.match(xml, /<testcase /);
  const cases = xml.matchAll(/<testcase package="([^"]*)" classname="([^"]*)"[^>]*>\s*<error/g);
  return [...cases].map(([, section, title]) => `${section}: ${title}`);
}
