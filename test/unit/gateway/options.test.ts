import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { resolveOptions } from '../../../src/gateway/options.ts';
import { formatProblem, SchemaError } from '../../../src/schema/problem.ts';

interface MistakeCase {
  readonly name: string;
  readonly options: unknown;
  readonly problems: readonly string[];
}

const mistakes: readonly MistakeCase[] = JSON.parse(readFileSync('test/cases/options-mistakes.json', 'utf8'));

for (const { name, options, problems } of mistakes) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => resolveOptions(options),
      (error) => {
        assert.ok(error instanceof SchemaError);
        assert.deepEqual(error.problems.map(formatProblem), problems);
        return true;
      },
    );
  });
}

test('__proto__ is an unknown key like any other', () => {
  assert.throws(() => resolveOptions(JSON.parse('{"limits":{"__proto__":{"bodyBytes":1}}}')), {
    message: /^limits\.__proto__: unknown key; known are bodyBytes, /,
  });
});

test('nothing gives the documented defaults', () => {
  const { listen, protos, upstreams, transcoding, limits, docs } = resolveOptions({});
  assert.deepEqual([listen.host, listen.port, listen.tls], ['127.0.0.1', 8080, undefined]);
  assert.deepEqual([protos, upstreams], [[], []]);
  const { unknownQuery, unknownFields, strayBody, collision, duplicates, reservedExpansion, errors } = transcoding;
  assert.deepEqual([unknownQuery, unknownFields, strayBody], ['reject', 'reject', 'reject']);
  assert.deepEqual([collision, duplicates, reservedExpansion, errors], ['pathWins', 'error', 'spec', 'status']);
  assert.deepEqual([transcoding.patchMask, transcoding.queryMaps, transcoding.methodOverride], [true, true, false]);
  assert.deepEqual([limits.bodyBytes, limits.jsonDepth, limits.timeoutDefault], [4_194_304, 100, 15_000]);
  assert.equal(docs.paths.ui, '/docs');
});

test('values with a form are read', () => {
  const options = resolveOptions(
    {
      protos: ['protos', '/abs'],
      limits: { bodyBytes: '1.5KiB', replyBytes: 7, drain: '500ms', timeoutMax: '1h', headersTimeout: '0.5s' },
      upstreams: [
        'a.B=127.0.0.1:1',
        'unix:/run/x=y.sock',
        { target: 'https://[::1]:443', services: ['c.D', 'e.F'], tls: { ca: 'ca.pem' }, timeout: '2s' },
      ],
      docs: { paths: { ui: false, openapiJson: '/api/v1.json' } },
    },
    { directoryOf: () => '/etc/tandem' },
  );
  assert.deepEqual(options.protos, ['/etc/tandem/protos', '/abs']);
  const { bodyBytes, replyBytes, drain, timeoutMax, headersTimeout } = options.limits;
  assert.deepEqual([bodyBytes, replyBytes, drain, timeoutMax, headersTimeout], [1536, 7, 500, 3_600_000, 500]);
  const [first, second, third] = options.upstreams;
  assert.deepEqual([first?.target.text, first?.services], ['127.0.0.1:1', ['a.B']]);
  assert.deepEqual([second?.target.text, second?.services], ['unix:/run/x=y.sock', []]);
  assert.deepEqual([third?.services, third?.tls?.ca, third?.timeout], [['c.D', 'e.F'], '/etc/tandem/ca.pem', 2000]);
  assert.deepEqual([options.docs.paths.ui, options.docs.paths.openapiJson], [false, '/api/v1.json']);
});

test('the result is frozen to its leaves, the caller’s object stays as it was', () => {
  const input = { protos: ['a'], upstreams: [{ target: 'x:1' }], limits: { bodyBytes: '1KiB' } };
  const copy = structuredClone(input);
  const assertFrozen = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    assert.ok(Object.isFrozen(value));
    Object.values(value).forEach(assertFrozen);
  };
  assertFrozen(resolveOptions(input));
  assert.deepEqual(input, copy);
});
