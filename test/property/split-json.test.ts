import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonSplitter } from '../../src/transcode/split-json.ts';
import { splitText } from '../unit/transcode/split-text.ts';

/** Cuts of a text of any length, as fractions of it. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });
const space = fc.constantFrom('', ' ', '\n', '\r\n\t');

test('an array in pieces of any size gives its elements', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 6 }), space, cuts, (elements, gap, places) => {
      const text = `${gap}[${elements.map((element) => gap + JSON.stringify(element)).join(`${gap},`)}${gap}]${gap}`;
      const values = splitText(text, places, false);
      assert.deepEqual(
        values.map((value) => JSON.parse(value)),
        JSON.parse(text),
      );
    }),
  );
});

test('values one behind the other, in pieces of any size, come apart', () => {
  const values = fc.array(
    fc.jsonValue().filter((value) => !Array.isArray(value)),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(values, cuts, fc.boolean(), (elements, places, isLines) => {
      const lines = elements.map((element) => JSON.stringify(element));
      assert.deepEqual(splitText(lines.join('\n'), places, isLines), lines);
    }),
  );
});

test('any bytes are values or are refused, in the same words whatever the pieces', () => {
  const outcome = (bytes: Uint8Array, size: number): unknown => {
    const splitter = new JsonSplitter({ maxBytes: 64, isLines: false });
    const values: string[] = [];
    const take = (taken: readonly Uint8Array[]) =>
      values.push(...taken.map((value) => Buffer.from(value).toString('hex')));
    try {
      for (let at = 0; at < bytes.length; at += size) take(splitter.push(bytes.subarray(at, at + size)));
      take(splitter.end());
      return values;
    } catch (error) {
      return (error as Error).message;
    }
  };
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.string({ maxLength: 100, unit: fc.constantFrom(...'[]{}",: \\1a') }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 9 }), (input, size) => {
      assert.deepEqual(outcome(input, size), outcome(input, 1));
    }),
  );
});
