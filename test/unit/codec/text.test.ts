import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodecOptions } from '../../../src/codec/codec.ts';
import { CodecError } from '../../../src/codec/codec-error.ts';
import { codecOf, fieldsOf, rows, toJson, typeOf } from './fixture.ts';

/** A field path (with a key: of a map), its text, and the wire fragment or its JSON, or the error. */
interface Row {
  readonly path: string;
  readonly type?: string;
  readonly key?: string;
  readonly text: string;
  readonly options?: CodecOptions;
  readonly json?: string;
  readonly wire?: string;
  readonly error?: string;
}

for (const { path, type = 'All', key, text, options, json, wire, error } of rows<Row>('text')) {
  test(`text of ${path}${key === undefined ? '' : `[${key}]`}: ${JSON.stringify(text)}`, () => {
    const codec = codecOf(options);
    const fields = fieldsOf(typeOf(type), path);
    const read = (): Uint8Array =>
      key === undefined ? codec.textReader(fields)(text) : codec.mapTextReader(fields)(key, text);
    if (error !== undefined) {
      assert.throws(read, (thrown) => thrown instanceof CodecError && thrown.message === error, error);
      return;
    }
    const fragment = read();
    if (wire !== undefined) assert.equal(Buffer.from(fragment).toString('hex'), wire);
    if (json !== undefined) assert.equal(toJson(codec, type, fragment), json);
  });
}
