import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNamer, shortestSuffixes, singular } from '../../../src/openapi/naming.ts';

const suffixCases: readonly (readonly [full: readonly string[], short: readonly string[]])[] = [
  [['library.v1.Book'], ['Book']],
  [
    ['a.v1.Book', 'b.v1.Book', 'b.v1.Shelf'],
    ['a.v1.Book', 'b.v1.Book', 'Shelf'],
  ],
  [
    ['a.v1.Book', 'a.v2.Book'],
    ['v1.Book', 'v2.Book'],
  ],
  [
    ['Book', 'a.Book'],
    ['Book', 'a.Book'],
  ],
  [
    ['a.Book', 'b.a.Book', 'c.b.a.Book'],
    ['a.Book', 'b.a.Book', 'c.b.a.Book'],
  ],
  [['a.Book', 'a.Book'], ['Book']],
  [
    ['a.constructor', 'b.__proto__'],
    ['constructor', '__proto__'],
  ],
];
for (const [full, short] of suffixCases) {
  test(`shortest suffixes of ${full.join(', ')}`, () => {
    assert.deepEqual([...shortestSuffixes(full).values()], short);
  });
}

const namerCases: readonly (readonly [wanted: readonly string[], given: readonly string[]])[] = [
  [
    ['a', 'a', 'a'],
    ['a', 'a2', 'a3'],
  ],
  [
    ['a', 'a2', 'a', 'a'],
    ['a', 'a2', 'a3', 'a4'],
  ],
  [
    ['a', 'a', 'a2', 'a2'],
    ['a', 'a2', 'a22', 'a23'],
  ],
];
for (const [wanted, given] of namerCases) {
  test(`unique names for ${wanted.join(', ')}`, () => {
    const unique = createNamer();
    assert.deepEqual(
      wanted.map((name) => unique(name)),
      given,
    );
  });
}

const singulars: Readonly<Record<string, string>> = {
  shelves: 'shelf',
  books: 'book',
  policies: 'policy',
  boxes: 'box',
  addresses: 'address',
  branches: 'branch',
  statuses: 'status',
  databases: 'database',
  series: 'series',
  status: 'status',
  analysis: 'analysis',
  people: 'person',
  isbn: 'isbn',
  s: '',
};
for (const [plural, one] of Object.entries(singulars)) {
  test(`one of ${plural} is a ${one}`, () => assert.equal(singular(plural), one));
}
