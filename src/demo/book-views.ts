/**
 * Which books a list gives and how much of each: filters, pages, masks.
 */
import { invalid } from './demo-error.ts';
import type { Author, Book } from './library-store.ts';

/** example.library.v1.BookFilter in JSON. */
export interface BookFilter {
  readonly author?: Author;
  readonly genres?: readonly string[];
  readonly tags?: readonly string[];
  readonly publishedAfter?: string;
  readonly maxReadingTime?: string;
  readonly inPrint?: boolean;
  readonly minCopiesSold?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export function matchesFilter(book: Book, filter: BookFilter): boolean {
  const {
    author,
    genres = [],
    tags = [],
    publishedAfter,
    maxReadingTime,
    inPrint,
    minCopiesSold,
    labels = {},
  } = filter;
  return (
    (author === undefined || (book.authors ?? []).some((other) => matchesAuthor(other, author))) &&
    (genres.length === 0 || genres.includes(book.genre ?? 'GENRE_UNSPECIFIED')) &&
    tags.every((tag) => book.tags?.includes(tag)) &&
    (publishedAfter === undefined || Date.parse(book.publishTime ?? '') >= Date.parse(publishedAfter)) &&
    (maxReadingTime === undefined || secondsOf(book.readingTime) <= secondsOf(maxReadingTime)) &&
    (inPrint === undefined || (book.inPrint ?? false) === inPrint) &&
    (minCopiesSold === undefined || BigInt(book.copiesSold ?? 0) >= BigInt(minCopiesSold)) &&
    Object.entries(labels).every(([name, value]) =>
      Object.entries(book.labels ?? {}).some(([n, v]) => n === name && v === value),
    )
  );
}

/** `1.5s` → 1.5 */
export function secondsOf(duration: string | undefined): number {
  return Number.parseFloat(duration ?? '0');
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken: string;
}

/** One page; the token is the offset of the next one. */
export function pageOf<Item>(items: readonly Item[], pageSize = 0, pageToken = ''): Page<Item> {
  if (pageSize < 0) throw invalid('page_size', 'must not be negative');
  const start = pageToken === '' ? 0 : Number(/^from-(\d{1,9})$/.exec(pageToken)?.[1] ?? Number.NaN);
  if (Number.isNaN(start)) throw invalid('page_token', 'was not given out by this server');
  const end = start + Math.min(pageSize || 50, 1000);
  return { items: items.slice(start, end), nextPageToken: end < items.length ? `from-${end}` : '' };
}

/** What the request wants to see of a book. What is only ever put in is never among it. */
export function viewOf(book: Book, view?: string, readMask?: string): Partial<Book> {
  const { note: _, ...visible } = book;
  if (readMask) return pick(visible, readMask);
  return view === 'BOOK_VIEW_BASIC' ? pick(visible, 'name,title,authors') : visible;
}

// The oneof of Book: setting one clears the others.
const formats = ['print', 'ebook', 'otherFormat'];

/** `value` with the fields of `mask` (JSON names, `authors,print.pages`) as `source` has them. */
export function applyMask(value: Book, source: Readonly<Record<string, unknown>>, mask: string): Book {
  let result: Readonly<Record<string, unknown>> = value;
  for (const path of mask.split(',')) {
    const names = path.split('.');
    if (formats.includes(names[0] ?? '')) for (const format of formats) result = withField(result, {}, [format]);
    result = withField(result, source, names);
  }
  return result as Book;
}

function pick(book: Readonly<Record<string, unknown>>, mask: string): Partial<Book> {
  return mask
    .split(',')
    .reduce<Readonly<Record<string, unknown>>>((picked, path) => withField(picked, book, path.split('.')), {});
}

function withField(
  target: Readonly<Record<string, unknown>>,
  source: Readonly<Record<string, unknown>>,
  [name = '', ...below]: readonly string[],
): Readonly<Record<string, unknown>> {
  const from = Object.hasOwn(source, name) ? source[name] : undefined;
  const rest = Object.fromEntries(Object.entries(target).filter(([other]) => other !== name));
  if (below.length > 0) return { ...rest, [name]: withField(objectOf(target[name]), objectOf(from), below) };
  return from === undefined ? rest : { ...rest, [name]: from };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function matchesAuthor(author: Author, wanted: Author): boolean {
  return (
    (!wanted.givenName || wanted.givenName === author.givenName) &&
    (!wanted.familyName || wanted.familyName === author.familyName) &&
    (wanted.born === undefined || wanted.born === author.born)
  );
}
