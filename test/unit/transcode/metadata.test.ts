import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { StatusError } from '../../../src/status/status-error.ts';
import type { Metadata } from '../../../src/transcode/exchange.ts';
import { headersOf, metadataOf, trailerHeadersOf } from '../../../src/transcode/metadata.ts';
import { limits } from './options.ts';

interface Case {
  readonly name: string;
  readonly headers: Record<string, string | string[]>;
  readonly requestHeaders?: readonly string[];
  readonly metadata?: Metadata;
  readonly error?: { readonly status: number; readonly field?: string };
}

const cases = JSON.parse(readFileSync('test/cases/metadata.json', 'utf8')) as readonly Case[];
const small = { ...limits, metadataPairs: 3, metadataBytes: 64 };

for (const { name, headers, requestHeaders = [], metadata, error } of cases) {
  test(`request metadata: ${name}`, () => {
    const options = {
      requestHeaders: new Set(requestHeaders),
      responseHeaders: new Set<string>(),
      keyHeader: undefined,
    };
    const read = () => metadataOf(headers, options, small);
    if (error === undefined) assert.deepEqual(read(), metadata);
    else {
      assert.throws(read, (thrown) => {
        assert.ok(thrown instanceof StatusError);
        assert.equal(thrown.httpStatus, error.status);
        assert.equal(thrown.violations[0]?.field, error.field);
        return true;
      });
    }
  });
}

const reply: Metadata = [
  ['x-request-id', '7'],
  ['set-cookie', 'a=b'],
  ['location', '/elsewhere'],
  ['access-control-allow-origin', '*'],
  ['transfer-encoding', 'chunked'],
  ['content-type', 'application/grpc'],
  ['grpc-encoding', 'gzip'],
  ['data-bin', 'AAAA'],
];

test('reply metadata: what would change how the answer is read is held back', () => {
  const options = { requestHeaders: new Set<string>(), responseHeaders: new Set<string>(), keyHeader: undefined };
  const shown = [
    ['x-request-id', '7'],
    ['data-bin', 'AAAA'],
  ];
  assert.deepEqual(headersOf(reply, options), shown);
  assert.deepEqual(
    trailerHeadersOf(reply, options),
    shown.map(([name, value]) => [`grpc-trailer-${name}`, value]),
  );
});

test('reply metadata: a configured name passes, one of gRPC never does', () => {
  const options = {
    requestHeaders: new Set<string>(),
    responseHeaders: new Set(['set-cookie', 'grpc-encoding']),
    keyHeader: undefined,
  };
  assert.deepEqual(
    headersOf(reply, options).map(([name]) => name),
    ['x-request-id', 'set-cookie', 'data-bin'],
  );
});
