import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitComment } from '../../../src/openapi/comment.ts';

const cases: readonly (readonly [comment: string, summary: string, rest: string])[] = [
  ['', '', ''],
  ['Gets a book.', 'Gets a book', ''],
  ['Gets a book', 'Gets a book', ''],
  ['Gets a book. It must exist.', 'Gets a book', 'It must exist.'],
  ['Gets\na book.\nIt must exist.', 'Gets a book', 'It must exist.'],
  ['Gets a book\n\nIt must exist.', 'Gets a book', 'It must exist.'],
  ['Gets a book, e.g. one of v1.2 or i.e. that. More.', 'Gets a book, e.g. one of v1.2 or i.e. that', 'More.'],
  ['Really? Yes.', 'Really?', 'Yes.'],
  ['Gets it (or not). More.', 'Gets it (or not)', 'More.'],
  ['Gets a [Book][library.v1.Book] or [Shelf][].', 'Gets a Book or Shelf', ''],
  ['(-- api-linter: off\n --)\nGets a book.', 'Gets a book', ''],
  ['List:\n\n  * one\n  * two', 'List:', '* one\n  * two'],
];
for (const [comment, summary, rest] of cases) {
  test(`comment ${JSON.stringify(comment)}`, () => assert.deepEqual(splitComment(comment), { summary, rest }));
}
