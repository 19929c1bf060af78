import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SchemaError } from '../../../src/schema/problem.ts';
import { parseTarget, parseTargets, parseUpstream } from '../../../src/upstream/target.ts';

const host = (host: string, port: number, isTls = false): unknown => ({ kind: 'host', isTls, host, port });
const unix = (path: string): unknown => ({ kind: 'unix', isTls: false, path });

const targets: readonly (readonly [text: string, expected: unknown])[] = [
  ['127.0.0.1:50051', host('127.0.0.1', 50051)],
  ['localhost:1', host('localhost', 1)],
  ['my-host_1.example:65535', host('my-host_1.example', 65535)],
  ['[::1]:50051', host('::1', 50051)],
  ['dns:///api.example:443', { ...(host('api.example', 443) as object), isDns: true }],
  ['http://api.example', host('api.example', 80)],
  ['http://api.example:8080/', host('api.example', 8080)],
  ['https://api.example', host('api.example', 443, true)],
  ['HTTPS://[fe80::1%eth0]:8443', host('fe80::1%eth0', 8443, true)],
  ['unix:/run/api.sock', unix('/run/api.sock')],
  ['unix:///run/api.sock', unix('/run/api.sock')],
  ['unix:api.sock', unix('api.sock')],
];

for (const [text, expected] of targets) {
  test(`target ${text}`, () => assert.deepEqual(parseTarget(text), { text, ...(expected as object) }));
}

const forms = 'host:port, https://host:port, http://host:port, unix:PATH or dns:///host:port';
const refused: readonly (readonly [text: string, message: string])[] = [
  ['', `"" is not a target: write ${forms}`],
  ['api.example', '"api.example" has no port: write api.example:50051'],
  ['dns:///api', '"dns:///api" has no port: write dns:///api:50051'],
  ['api:0', '"api:0" has the port 0: write one from 1 to 65535'],
  ['api:65536', '"api:65536" has the port 65536: write one from 1 to 65535'],
  ['api:5o', `"api:5o" is not a target: write ${forms}`],
  ['::1:50051', `"::1:50051" is not a target: write ${forms}`],
  ['https://api/path', `"https://api/path" is not a target: write ${forms}`],
  ['https://user@api', `"https://user@api" is not a target: write ${forms}`],
  ['https://', `"https://" is not a target: write ${forms}`],
  ['xds:///api', `"xds:///api" begins with xds:///, which is not known: write ${forms}`],
  ['dns://8.8.8.8/api:1', `"dns://8.8.8.8/api:1" begins with dns://, which is not known: write ${forms}`],
  ['unix:', '"unix:" has no path: write unix:/run/upstream.sock'],
];

for (const [text, message] of refused) {
  test(`target "${text}" is refused`, () => {
    assert.throws(() => parseTarget(text), new SchemaError([{ position: undefined, subject: 'upstream', message }]));
  });
}

const lists: readonly (readonly [written: string | readonly string[], text: string, all: readonly string[]])[] = [
  ['a:1', 'a:1', ['a:1']],
  ['a:1,https://b', 'a:1,https://b', ['a:1', 'https://b']],
  [['a:1', 'dns:///b:2'], 'a:1,dns:///b:2', ['a:1', 'dns:///b:2']],
  ['unix:/run/a,b.sock,unix:/c', 'unix:/run/a,b.sock,unix:/c', ['unix:/run/a,b.sock', 'unix:/c']],
  ['xds:///api', 'xds:///api', []],
];

for (const [written, text, all] of lists) {
  test(`targets ${written}`, () => assert.deepEqual(parseTargets(written), { text, all: all.map(parseTarget) }));
}

test('every wrong target of a list is told', () => {
  const problems = ['"a" has no port: write a:50051', '"c:0" has the port 0: write one from 1 to 65535'].map(
    (message) => ({ position: undefined, subject: 'upstream', message }),
  );
  assert.throws(() => parseTargets(['a', 'b:1', 'c:0']), new SchemaError(problems));
});

const upstreams: readonly (readonly [text: string, service: string | undefined, target: string])[] = [
  ['127.0.0.1:1', undefined, '127.0.0.1:1'],
  ['example.Greeter=127.0.0.1:1', 'example.Greeter', '127.0.0.1:1'],
  ['Greeter=unix:/tmp/a=b', 'Greeter', 'unix:/tmp/a=b'],
  ['unix:/tmp/a=b', undefined, 'unix:/tmp/a=b'],
];

for (const [text, service, target] of upstreams) {
  test(`upstream ${text}`, () => assert.deepEqual(parseUpstream(text), { service, target: parseTargets(target) }));
}
