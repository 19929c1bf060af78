// The command in front of servers that exist already, in other languages: each of the four ways to get at their schema, one
// table of REST calls. Outside `npm test` since it needs those languages:
//
//     npm run build && npm run interop
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { startTandem } from '../../scripts/start-process.mjs';
import { googleProtos, upstreams } from './upstreams.mjs';

const here = import.meta.dirname;
const cache = resolve('.cache', 'interop');
const tls = { cert: resolve('test/fixtures/tls/server.crt'), key: resolve('test/fixtures/tls/server.key') };
const rows = JSON.parse(readFileSync(join(here, 'requests.json'), 'utf8'));

function descriptorSet() {
  mkdirSync(cache, { recursive: true });
  const file = join(cache, 'example.binpb');
  const files = ['example/greeter.proto', 'example/library.proto'];
  execFileSync('protoc', ['-Iprotos', `-I${googleProtos}`, '--include_imports', `-o${file}`, ...files]);
  return file;
}

/** Another authority than the system's is a matter of the configuration file. */
function tlsConfig(target) {
  mkdirSync(cache, { recursive: true });
  const file = join(cache, 'tls.yaml');
  const upstream = { target: `https://${target}`, tls: { ca: resolve('test/fixtures/tls/ca.crt') } };
  writeFileSync(file, JSON.stringify({ protos: [resolve('protos')], upstreams: [upstream] }));
  return file;
}

/** The ways to get at the schema, as arguments of the command. `prefix` is where the rules put the requests' paths. */
const ways = {
  'proto files': { args: (target) => ['--proto', 'protos', '--upstream', target] },
  'a descriptor set': { args: (target) => ['--descriptor-set', descriptorSet(), '--upstream', target] },
  reflection: { args: (target) => ['--reflect', '--upstream', target] },
  'a service configuration': {
    args: (target) => ['--proto', 'protos', '--rules', join(here, 'rules.yaml'), '--upstream', target],
    prefix: '/rules',
  },
  'proto files, by TLS with an authority of its own': { args: (target) => ['--config', tlsConfig(target)], tls },
};

async function send(url, { method = 'GET', target, json, accept }) {
  const headers = { ...(accept && { accept }), ...(json !== undefined && { 'content-type': 'application/json' }) };
  const response = await fetch(url + target, {
    method,
    headers,
    body: json === undefined ? undefined : JSON.stringify(json),
  });
  return { response, body: Buffer.from(await response.arrayBuffer()) };
}

function compare(want, { response, body }) {
  assert.equal(response.status, want.status, body.toString());
  if (want.contentType) assert.equal(response.headers.get('content-type'), want.contentType);
  if (want.json !== undefined) assert.deepEqual(JSON.parse(body.toString()), want.json);
  if (want.text !== undefined) assert.equal(body.toString(), want.text);
  if (want.base64 !== undefined) assert.equal(body.toString('base64'), want.base64);
}

for (const [language, { start, missing }] of Object.entries(upstreams)) {
  // Where everything is installed on purpose, nothing may be left out in silence.
  if (missing && process.env.CI) test(language, () => assert.fail(missing));
  describe(language, { skip: missing }, () => {
    for (const [way, { args, prefix = '', tls: certificate }] of Object.entries(ways)) {
      // Python shows the old reflection; TLS is the gateway's work and one server is enough to show it.
      if (certificate && !language.startsWith('grpc-go')) continue;
      test(way, async (context) => {
        const upstream = await start(certificate);
        const tandem = await startTandem(args(upstream.match[1])).finally(() => context.after(() => upstream.stop()));
        context.after(() => tandem.stop());
        for (const { name, only, request, response } of rows) {
          if (only && prefix) continue;
          const target = prefix + request.target;
          await context.test(name, async () => compare(response, await send(tandem.url, { ...request, target })));
        }
        await context.test('ends in peace', async () => assert.equal(await tandem.stop(), 0));
      });
    }
  });
}
