import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodecOptions } from '../../../src/codec/codec.ts';
import { CodecError } from '../../../src/codec/codec-error.ts';
import { codecOf, rows, toJson } from './fixture.ts';

/** Wire bytes (hex, spaces between fields) and their JSON, or the error. */
interface Row {
  readonly name: string;
  readonly type?: string;
  readonly options?: CodecOptions;
  readonly wire: string;
  readonly json?: string;
  readonly error?: string;
}

for (const { name, type = 'All', options, wire, json, error } of rows<Row>('writing')) {
  test(`writes ${name}: ${wire.slice(0, 60)}`, () => {
    const codec = codecOf(options);
    const bytes = Buffer.from(wire.replaceAll(' ', ''), 'hex');
    if (error === undefined) assert.equal(toJson(codec, type, bytes), json);
    else {
      assert.throws(
        () => toJson(codec, type, bytes),
        (thrown) => thrown instanceof CodecError && thrown.message === error,
        error,
      );
    }
  });
}
