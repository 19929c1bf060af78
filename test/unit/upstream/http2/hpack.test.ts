import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { HpackDecoder } from '../../../../src/upstream/http2/hpack-decoder.ts';
import { HpackEncoder } from '../../../../src/upstream/http2/hpack-encoder.ts';
import { ConnectionError } from '../../../../src/upstream/http2/protocol.ts';

interface Row {
  readonly name: string;
  /** Decoded one after the other by one decoder. */
  readonly blocks: readonly { readonly hex: string; readonly headers?: readonly string[]; readonly error?: string }[];
}

const rows: readonly Row[] = JSON.parse(readFileSync(join('test', 'cases', 'hpack.json'), 'utf8'));

describe('HPACK decoding (RFC 7541, appendix C and beyond)', () => {
  for (const { name, blocks } of rows) {
    test(name, () => {
      const decoder = new HpackDecoder(65_536);
      for (const { hex, headers, error } of blocks) {
        const block = Buffer.from(hex, 'hex');
        if (error === undefined) assert.deepEqual(decoder.decode(block, 0, block.length), headers);
        else
          assert.throws(() => decoder.decode(block, 0, block.length), { name: ConnectionError.name, message: error });
      }
    });
  }

  test('a list over the limit is not given out, and the table stays right', () => {
    const decoder = new HpackDecoder(100);
    const large = Buffer.concat([Buffer.from('4001617f', 'hex'), Buffer.of(0), Buffer.alloc(127, 98)]);
    assert.equal(decoder.decode(large, 0, large.length), undefined);
    assert.deepEqual(decoder.decode(Buffer.of(0x88), 0, 1), [':status', '200']);
    assert.equal(decoder.decode(Buffer.of(0x80 | 62), 0, 1), undefined);
  });
});

const shared = (path: string): string[] => [
  ':method', 'POST', ':scheme', 'http', ':path', path, ':authority', 'api:1', 'te', 'trailers', 'content-type', 'application/grpc',
  'user-agent', 'test', 'grpc-accept-encoding', 'identity,deflate,gzip',
]; // biome-ignore format: a table

describe('HPACK encoding of requests', () => {
  test('the same call becomes indexes', () => {
    const encoder = new HpackEncoder('http', 'api:1', 'test');
    const decoder = new HpackDecoder(65_536);
    const sizes: number[] = [];
    for (let round = 0; round < 3; round++) {
      const block = Buffer.from(encoder.encode({ path: '/a.B/C', timeout: '15000m', metadata: new Map() }));
      assert.deepEqual(decoder.decode(block, 0, block.length), [...shared('/a.B/C'), 'grpc-timeout', '15000m']);
      sizes.push(block.length);
    }
    assert.deepEqual(sizes.slice(1), [9, 9]);
  });

  test('metadata is never put into the table', () => {
    const encoder = new HpackEncoder('http', 'api:1', 'test');
    const decoder = new HpackDecoder(65_536);
    const metadata = new Map([['authorization', 'Bearer x'], ['x-long', 'a'.repeat(5000)], ['accept-language', 'de']]); // biome-ignore format: a table
    for (const timeout of ['1m', '2m', '1m']) {
      const block = Buffer.from(encoder.encode({ path: '/p', timeout, metadata }));
      const expected = [...shared('/p'), 'grpc-timeout', timeout, ...[...metadata].flat()];
      assert.deepEqual(decoder.decode(block, 0, block.length), expected);
      assert.ok(block.includes(Buffer.from([0x1f, 23 - 15])), 'authorization is never indexed');
    }
  });

  test('more methods than the table holds, and tables that change their size', () => {
    const encoder = new HpackEncoder('http', 'api:1', 'test');
    const decoder = new HpackDecoder(65_536);
    for (const [round, size] of [4096, 0, 200, 4096, 70_000].entries()) {
      encoder.limitTable(size);
      for (let method = 0; method < 120; method++) {
        const path = `/package.of.some.length.Service/Method${method % 100}`;
        const block = Buffer.from(encoder.encode({ path, timeout: `${round + 1}m`, metadata: new Map() }));
        assert.deepEqual(decoder.decode(block, 0, block.length), [...shared(path), 'grpc-timeout', `${round + 1}m`]);
      }
    }
  });
});
