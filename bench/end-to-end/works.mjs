// The works of the benchmark: what is sent, what the upstream replies, and what every gateway must answer.

const genres = ['FICTION', 'SCIENCE', 'POETRY'];

/** A book of about 500 bytes of JSON; its field values differ with `number`. No value is a default, which gateways may leave out. */
function bookOf(number) {
  return {
    name: `shelves/1/books/${number}`,
    title: `The Left Hand of Darkness, volume ${number}`,
    authors: [
      { givenName: 'Ursula', familyName: 'Le Guin', born: 1929 },
      { givenName: 'Stanisław', familyName: 'Lem', born: 1921 },
    ],
    genre: genres[number % genres.length],
    copiesSold: `${9_000_000_000 + number}`,
    rating: 4.25 + (number % 3) / 8,
    publishTime: `1969-03-01T12:00:${String(number % 60).padStart(2, '0')}Z`,
    tags: ['hainish', 'winter', 'ambassador "Ai"'],
    labels: { lang: 'en', edition: `${number}` },
    inPrint: true,
    coverHash: Buffer.alloc(32, number).toString('base64'),
    pages: 286 + number,
  };
}

const small = {
  ...bookOf(1),
  title: 'Solaris',
  authors: [{ givenName: 'Stanisław', familyName: 'Lem', born: 1921 }],
  tags: ['sea'],
};
const books = Array.from({ length: 100 }, (_, index) => bookOf(index + 1));
const list = { books, nextPageToken: 'page-2' };
const stream = Array.from({ length: 1000 }, (_, index) => bookOf(index + 1));

/** `replies` are messages of `type`, sent for `method`; without them the upstream echoes. `connections` is the load. */
export const works = [
  { name: 'get', method: 'GetBook', target: '/v1/shelves/1/books/1', type: 'Book', replies: [small], connections: 16 },
  {
    name: 'create',
    method: 'CreateBook',
    target: '/v1/shelves/1/books?book_id=1',
    body: bookOf(1),
    type: 'Book',
    replies: [bookOf(1)],
    connections: 16,
  },
  {
    name: 'list100',
    method: 'ListBooks',
    target: '/v1/shelves/1/books?pageSize=100&genres=FICTION',
    type: 'BookList',
    replies: [list],
    connections: 8,
  },
  { name: 'echo100', method: 'EchoBooks', target: '/v1/books:echo', body: list, answer: list, connections: 8 },
  {
    name: 'stream1000',
    method: 'StreamBooks',
    target: '/v1/shelves/1/books:stream',
    type: 'Book',
    replies: stream,
    connections: 4,
  },
];

/** The answer that a gateway must give, as JSON. */
export const answerOf = ({ name, answer, replies }) => answer ?? (name.startsWith('stream') ? replies : replies[0]);
