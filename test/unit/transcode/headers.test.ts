import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '../../../src/status/status-error.ts';
import { timeoutOf } from '../../../src/transcode/deadline.ts';
import { bodyFormatOf, preferredType } from '../../../src/transcode/media-type.ts';
import { parseQuery } from '../../../src/transcode/query-string.ts';

const refusal = (httpStatus: number) => (error: unknown) =>
  error instanceof StatusError && error.httpStatus === httpStatus && error.message !== '';

const timeouts: readonly (readonly [Record<string, string>, number | 'refused'])[] = [
  [{}, 15_000],
  [{ 'grpc-timeout': '2S' }, 2_000],
  [{ 'grpc-timeout': '250m' }, 250],
  [{ 'grpc-timeout': '1M' }, 60_000],
  [{ 'grpc-timeout': '5000u' }, 5],
  [{ 'grpc-timeout': '99999999n' }, 99.999999],
  [{ 'grpc-timeout': '1H' }, 300_000],
  [{ 'grpc-timeout': '0S' }, 0],
  [{ 'x-server-timeout': '1.5' }, 1_500],
  [{ 'x-server-timeout': '9999' }, 300_000],
  [{ 'x-server-timeout': '9', 'grpc-timeout': '1S' }, 1_000],
  [{ 'grpc-timeout': '10' }, 'refused'],
  [{ 'grpc-timeout': 'S' }, 'refused'],
  [{ 'grpc-timeout': '-1S' }, 'refused'],
  [{ 'grpc-timeout': '1s' }, 'refused'],
  [{ 'grpc-timeout': '123456789S' }, 'refused'],
  [{ 'x-server-timeout': '' }, 'refused'],
  [{ 'x-server-timeout': '1e3' }, 'refused'],
];

for (const [headers, expected] of timeouts) {
  test(`timeout of ${JSON.stringify(headers)}`, () => {
    if (expected === 'refused') assert.throws(() => timeoutOf(headers, 15_000, 300_000), refusal(400));
    else assert.ok(Math.abs(timeoutOf(headers, 15_000, 300_000) - expected) < 1e-9);
  });
}

const formats: readonly (readonly [string | undefined, string])[] = [
  [undefined, 'json'],
  ['application/json', 'json'],
  ['Application/JSON ; charset="UTF-8"', 'json'],
  ['application/vnd.api+json', 'json'],
  ['application/x-protobuf', 'protobuf'],
  ['application/protobuf', 'protobuf'],
  ['application/json; charset=latin1', 'refused'],
  ['application/json; charset=utf-16', 'refused'],
  ['text/html', 'refused'],
  ['application/x-www-form-urlencoded', 'refused'],
  ['+json', 'refused'],
  ['', 'refused'],
];

for (const [contentType, expected] of formats) {
  test(`body of type ${contentType}`, () => {
    if (expected === 'refused') assert.throws(() => bodyFormatOf(contentType), refusal(415));
    else assert.equal(bodyFormatOf(contentType), expected);
  });
}

const offers = ['application/json', 'application/x-ndjson', 'text/event-stream'];
const preferences: readonly (readonly [string | undefined, string | undefined])[] = [
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['text/event-stream', 'text/event-stream'],
  ['text/*', 'text/event-stream'],
  ['application/x-ndjson, application/json', 'application/json'],
  ['application/x-ndjson, application/json;q=0.9', 'application/x-ndjson'],
  ['text/html, */*;q=0.1', 'application/json'],
  ['application/*;q=0.5, application/json;q=0', 'application/x-ndjson'],
  ['TEXT/Event-Stream', 'text/event-stream'],
  ['text/html', undefined],
  ['application/json;q=0', undefined],
];

for (const [accept, expected] of preferences) {
  test(`Accept ${accept} prefers ${expected}`, () => assert.equal(preferredType(accept, offers), expected));
}

const queries: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  ['', []],
  ['a=1&b=2', [['a', '1'], ['b', '2']]],
  ['a=1&a=2', [['a', '1'], ['a', '2']]],
  ['a', [['a', '']]],
  ['&&a=&&', [['a', '']]],
  ['=x&a=b', [['a', 'b']]],
  ['a=b=c', [['a', 'b=c']]],
  ['a=x+y%2Bz', [['a', 'x y+z']]],
  ['inner%2Enote=%E4%B8%96', [['inner.note', '世']]],
]; // biome-ignore format: a table

for (const [query, expected] of queries) {
  test(`query "${query}"`, () => assert.deepEqual(parseQuery(query, 256), expected));
}

for (const query of ['a=%', 'a=%zz', 'a=%C3%28', '%ff=1']) {
  test(`query "${query}" is refused`, () => assert.throws(() => parseQuery(query, 256), refusal(400)));
}

test('more query parameters than the limit are refused', () => {
  assert.equal(parseQuery('a=1&a=2&a=3', 3).length, 3);
  assert.throws(() => parseQuery('a=1&a=2&a=3&a=4', 3), refusal(400));
});
