import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf, textExample } from '../../../src/openapi/text-example.ts';
import { parsePathTemplate } from '../../../src/routing/path-template.ts';
import type { FieldDescriptor } from '../../../src/schema/descriptors.ts';

/** A comment, and the example that it gives. */
const comments = [
  ['Name of the shelf, for example `shelves/fiction`; all when empty.', 'shelves/fiction'],
  ['The language. Example: "en-US"', 'en-US'],
  ["What it is made of, e.g. 'wood'.", 'wood'],
  ['For example,\n`a.b`.', 'a.b'],
  ['Resource name, `shelves/{shelf}`.', undefined],
  ['For example `shelves/{shelf}`, or for example `shelves/*`.', undefined],
  ['For example, `a = 1`', undefined],
  ['Counterexample: `x`', undefined],
  ['For example, this one. The `other` is none.', undefined],
] as const;
for (const [comment, example] of comments) {
  test(`${JSON.stringify(comment)} gives ${example}`, () => {
    const type = { kind: 'scalar', scalar: 'string' };
    const field = { comment, type, map: undefined, options: new Map() } as unknown as FieldDescriptor;
    assert.equal(textExample(field), example);
    assert.equal(textExample({ ...field, type: { kind: 'scalar', scalar: 'int32' } }), undefined);
  });
}

/** A text, the template of a variable, and the part for each of its segments. */
const texts = [
  ['shelves/a/books/b', 'shelves/*/books/*', ['shelves', 'a', 'books', 'b']],
  ['subjects/a/b', 'subjects/**', ['subjects', 'a/b']],
  ['subjects', 'subjects/**', undefined],
  ['x', '*', ['x']],
  ['a/b', '*', undefined],
  ['shelves/a/books', 'shelves/*/books/*', undefined],
  ['shelves/a/books/b/c', 'shelves/*/books/*', undefined],
  ['rooms/a', 'shelves/*', undefined],
] as const;
for (const [text, template, parts] of texts) {
  test(`${text} as ${template}`, () => {
    assert.deepEqual(partsOf(text, parsePathTemplate(`/${template}`).segments), parts);
  });
}
