/**
 * What the example library holds when it starts, in the proto3 JSON of its messages.
 */
import type { Book, Shelf } from './library-store.ts';

const createTime = '2026-01-01T00:00:00Z';

export const seedShelves: readonly Shelf[] = [
  { name: 'shelves/fiction', theme: 'Novels and stories', createTime },
  { name: 'shelves/poetry', theme: 'Poems', createTime },
  { name: 'shelves/science', theme: 'Science and technology', createTime },
];

export const seedBooks: readonly Book[] = [
  {
    name: 'shelves/fiction/books/frankenstein',
    title: 'Frankenstein',
    subtitle: 'or, The Modern Prometheus',
    authors: [{ givenName: 'Mary', familyName: 'Shelley', born: 1797 }],
    genre: 'FICTION',
    isbn: '9780141439471',
    copiesSold: '40000000',
    rating: 3.9,
    publishTime: '1818-01-01T00:00:00Z',
    readingTime: '28800s',
    tags: ['gothic', 'classic'],
    labels: { language: 'en', epoch: 'romantic' },
    inPrint: true,
    print: { pages: 352, grams: 263.5 },
    stock: { main: '4', north: '1' },
    subject: 'subjects/fiction/gothic',
    extra: { publisher: 'Lackington', volumes: 3, anonymous: true, editions: [1818, 1831] },
  },
  {
    name: 'shelves/fiction/books/moby-dick',
    title: 'Moby-Dick',
    subtitle: 'or, The Whale',
    authors: [{ givenName: 'Herman', familyName: 'Melville', born: 1819 }],
    genre: 'FICTION',
    isbn: '9780142437247',
    copiesSold: '9007199254740993',
    rating: 3.5,
    publishTime: '1851-10-18T00:00:00Z',
    readingTime: '86400s',
    tags: ['sea', 'classic'],
    labels: { language: 'en' },
    inPrint: true,
    ebook: { sizeBytes: '1276231', mediaType: 'application/epub+zip' },
    stock: { main: '2' },
    subject: 'subjects/fiction/sea',
  },
  {
    name: 'shelves/poetry/books/leaves-of-grass',
    title: 'Leaves of Grass',
    authors: [{ givenName: 'Walt', familyName: 'Whitman', born: 1819 }],
    genre: 'POETRY',
    isbn: '9780140421996',
    copiesSold: '1000000',
    rating: 4.1,
    publishTime: '1855-07-04T00:00:00Z',
    readingTime: '14400s',
    tags: ['classic'],
    labels: { language: 'en' },
    inPrint: true,
    otherFormat: 'bound by hand',
    subject: 'subjects/poetry',
  },
  {
    name: 'shelves/science/books/on-the-origin-of-species',
    title: 'On the Origin of Species',
    authors: [{ givenName: 'Charles', familyName: 'Darwin', born: 1809 }],
    genre: 'SCIENCE',
    isbn: '9780451529060',
    copiesSold: '5000000',
    rating: 4,
    publishTime: '1859-11-24T00:00:00Z',
    readingTime: '50400s',
    tags: ['evolution', 'classic'],
    labels: { language: 'en' },
    inPrint: true,
    print: { pages: 576 },
    subject: 'subjects/science/biology',
    attachments: [
      {
        '@type': 'type.googleapis.com/example.library.v1.Author',
        givenName: 'Julian',
        familyName: 'Huxley',
        born: 1887,
      },
    ],
  },
  {
    name: 'shelves/science/books/opticks',
    title: 'Opticks',
    authors: [{ givenName: 'Isaac', familyName: 'Newton', born: 1643 }],
    genre: 'SCIENCE',
    isbn: '9780486602059',
    copiesSold: '250000',
    rating: 4.2,
    publishTime: '1704-01-01T00:00:00Z',
    readingTime: '36000s',
    tags: ['light'],
    labels: { language: 'en' },
    inPrint: false,
    volume: 1,
    subject: 'subjects/science/physics/optics',
    references: [{ name: 'shelves/science/books/on-the-origin-of-species', title: 'On the Origin of Species' }],
  },
];

/** The smallest PNG there is, base64: every book's cover until another is uploaded. */
export const seedCover: string =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** How the books begin, by name; the others have no text. */
export const seedTexts: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'shelves/fiction/books/frankenstein',
    [
      'You will rejoice to hear that no disaster has accompanied the commencement of an enterprise\n',
      'which you have regarded with such evil forebodings.\n',
    ],
  ],
  ['shelves/fiction/books/moby-dick', ['Call me Ishmael.\n', 'Some years ago—never mind how long precisely—\n']],
]);
