/**
 * @module The messages that the codec is measured on, as JSON values.
 */

export interface Shape {
  readonly name: string;
  readonly type: string;
  readonly value: unknown;
}

const count = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

function book(n: number): unknown {
  return {
    name: `shelves/${n % 10}/books/${n}`,
    title: `The Collected Works, volume ${n}`,
    authors: [
      { givenName: 'Ursula', familyName: 'Le Guin', born: 1929 },
      { givenName: 'Stanisław', familyName: 'Lem', born: 1921 },
    ],
    genre: ['FICTION', 'SCIENCE', 'POETRY'][n % 3],
    copiesSold: `${1234567 + n}`,
    rating: (410 + n) / 100,
    published: new Date(1e12 + n * 864e5).toISOString().replace('.000Z', 'Z'),
    tags: ['classic', 'science', 'fiction'],
    ...(n % 2 === 0 ? { inPrint: true } : {}),
    labels: { lang: 'en', edition: 'second', binding: 'paperback' },
    coverHash: Buffer.from(`0123456789abcde${n % 10}`).toString('base64'),
    pageCount: 300 + n,
  };
}

/** A list of so many books. */
export function bookList(length: number): unknown {
  return { books: count(length).map(book), nextPageToken: 'page-2' };
}

function nested(depth: number): unknown {
  return depth === 0 ? { name: 'leaf' } : { name: `level ${depth}`, child: nested(depth - 1) };
}

export const shapes: readonly Shape[] = [
  { name: 'list100', type: 'BookList', value: bookList(100) },
  { name: 'one book', type: 'Book', value: book(7) },
  {
    name: 'long ASCII strings',
    type: 'Texts',
    value: { texts: count(20).map((n) => `${n} lorem ipsum dolor `.repeat(150)) },
  },
  {
    name: 'strings with escapes',
    type: 'Texts',
    value: { texts: count(200).map((n) => `line ${n}\nwith "quotes"\tand \\`) },
  },
  {
    name: 'strings beyond ASCII',
    type: 'Texts',
    value: { texts: count(100).map((n) => `Загадка № ${n}: 谷歌翻译 😀`.repeat(4)) },
  },
  { name: 'many small messages', type: 'Points', value: { points: count(2000).map((n) => ({ x: n + 1, y: -n - 1 })) } },
  { name: 'deep nesting', type: 'Nested', value: nested(90) },
  {
    name: 'numbers',
    type: 'Numbers',
    value: {
      doubles: count(1000).map((n) => Math.sin(n + 1)),
      ints: count(1000).map((n) => (n + 1) * 7919),
      longs: count(1000).map((n) => `${BigInt(n + 1) * 9007199254740993n}`),
      floats: count(1000).map((n) => (n + 1) / 8),
    },
  },
  {
    name: 'maps',
    type: 'Maps',
    value: {
      byName: Object.fromEntries(count(500).map((n) => [`key-${n}`, `value ${n}`])),
      byNumber: Object.fromEntries(count(500).map((n) => [n, { x: n + 1, y: 1 }])),
    },
  },
  {
    name: 'bytes',
    type: 'Blobs',
    value: { blobs: count(20).map((n) => Buffer.alloc(2000, n + 1).toString('base64')) },
  },
];
