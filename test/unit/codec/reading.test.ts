import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodecOptions } from '../../../src/codec/codec.ts';
import { CodecError } from '../../../src/codec/codec-error.ts';
import { codecOf, rows, toJson, toWire } from './fixture.ts';

/** JSON in, and the JSON of the wire bytes it became (the same when left out), or the error. */
interface Row {
  readonly name: string;
  readonly type?: string;
  readonly options?: CodecOptions;
  readonly json: string;
  readonly back?: string;
  readonly wire?: string;
  readonly error?: string;
}

for (const { name, type = 'All', options, json, back, wire, error } of rows<Row>('reading')) {
  test(`reads ${name}: ${json.slice(0, 60)}`, () => {
    const codec = codecOf(options);
    if (error !== undefined) {
      assert.throws(
        () => toWire(codec, type, json),
        (thrown) => thrown instanceof CodecError && thrown.message === error,
        error,
      );
      return;
    }
    const bytes = toWire(codec, type, json);
    if (wire !== undefined) assert.equal(bytes.toString('hex'), wire);
    assert.equal(toJson(codec, type, bytes), back ?? json);
  });
}
