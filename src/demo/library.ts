import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcCode } from '../status/code.ts';
import { applyMask, matchesFilter, pageOf, secondsOf, viewOf } from './book-views.ts';
import { DemoError, invalid, preconditionFailed } from './demo-error.ts';
import { type Book, LibraryStore, type Shelf, shelfOf } from './library-store.ts';
import type { DemoCall, DemoService, Json } from './method.ts';

/** example.library.v1.Library over a store of its own: two of them know nothing of each other. */
export function createLibrary(): DemoService {
  const store = new LibraryStore();
  return { ...shelfMethods(store), ...readMethods(store), ...writeMethods(store), ...fileMethods(store) };
}

function shelfMethods(store: LibraryStore): DemoService {
  const shown = (shelf: Shelf): Json => ({ ...shelf, bookCount: store.books(shelf.name).length });
  return {
    ListShelves: {
      kind: 'unary',
      run({ pageSize, pageToken }) {
        const { items, nextPageToken } = pageOf(store.shelves, pageSize, pageToken);
        return { shelves: items.map(shown), nextPageToken };
      },
    },
    GetShelf: { kind: 'unary', run: ({ name = '' }) => shown(store.shelf(name)) },
    CreateShelf: {
      kind: 'unary',
      run({ shelf, shelfId = '' }) {
        if (!shelf?.theme) throw invalid('shelf.theme', 'is required');
        return shown(store.addShelf(shelfId, shelf.theme));
      },
    },
    DeleteShelf: {
      kind: 'unary',
      run({ name = '', force = false }) {
        const count = store.books(store.shelf(name).name).length;
        if (count > 0 && !force) {
          throw preconditionFailed(
            'NOT_EMPTY',
            name,
            `${name} holds ${count} books: give force to remove them with it`,
          );
        }
        store.removeShelf(name);
        return {};
      },
    },
    MergeShelves: {
      kind: 'unary',
      run({ name = '', otherShelf = '' }) {
        if (name === otherShelf) throw preconditionFailed('SAME_SHELF', name, 'a shelf cannot be merged with itself');
        store.shelf(name);
        for (const book of store.books(store.shelf(otherShelf).name)) move(store, book, name);
        store.removeShelf(otherShelf);
        return shown(store.shelf(name));
      },
    },
  };
}

function readMethods(store: LibraryStore): DemoService {
  return {
    ListBooks: {
      kind: 'unary',
      run({ parent, pageSize, pageToken, filter = {}, view, readMask }, call) {
        const books = store.books(parent).filter((book) => matchesFilter(book, filter));
        const { items, nextPageToken } = pageOf(books, pageSize, pageToken);
        call.setTrailer('x-total-count', String(books.length));
        return { books: items.map((book) => viewOf(book, view, readMask)), nextPageToken };
      },
    },
    SearchBooks: {
      kind: 'unary',
      run({ text = '', filter = {} }) {
        if (text === '') throw invalid('text', 'is required');
        const books = store.books().filter((book) => matchesFilter(book, filter) && speaksOf(book, text));
        return { books: books.map((book) => viewOf(book)) };
      },
    },
    ListSubjectBooks: {
      kind: 'unary',
      run: ({ subject = '' }) => ({
        books: store
          .books()
          .filter((book) => `${book.subject}/`.startsWith(`${subject}/`))
          .map((book) => viewOf(book)),
      }),
    },
    StreamBooks: { kind: 'serverStream', run: (request, call) => streamBooks(store, request, call) },
    GetBook: { kind: 'unary', run: ({ name = '', view, readMask }) => viewOf(store.book(name), view, readMask) },
    FindBook: {
      kind: 'unary',
      run({ isbn = '' }) {
        const book = store.books().find((other) => other.isbn === isbn);
        if (book === undefined) throw new DemoError(GrpcCode.NOT_FOUND, `no book has the ISBN "${isbn}"`);
        return viewOf(book);
      },
    },
    AskLibrarian: {
      kind: 'bidi',
      async *run(questions) {
        for await (const { text: question = '' } of questions) {
          const books = store.books().filter((book) => speaksOf(book, question));
          yield { question, books: books.map(({ name }) => name) };
        }
      },
    },
  };
}

function writeMethods(store: LibraryStore): DemoService {
  const add = ({ parent = '', book, bookId = '' }: Json): Book => {
    if (!book?.title) throw invalid('book.title', 'is required');
    return store.addBook(parent, bookId, book);
  };
  return {
    CreateBook: { kind: 'unary', run: (request) => viewOf(add(request)) },
    UpdateBook: {
      kind: 'unary',
      run({ book = {}, updateMask }) {
        const before = store.book(book.name ?? '');
        const mask = updateMask || Object.keys(book).join(',');
        const after = applyMask(before, { ...book, name: before.name }, mask);
        if (after.isbn !== before.isbn) throw invalid('book.isbn', 'cannot be changed');
        return viewOf(store.putBook(after));
      },
    },
    ReplaceBook: {
      kind: 'unary',
      run({ book = {} }) {
        const { isbn } = store.book(book.name ?? '');
        if (book.isbn !== isbn) throw invalid('book.isbn', 'cannot be changed');
        return viewOf(store.putBook(book));
      },
    },
    SetBookTags: {
      kind: 'unary',
      run: ({ name = '', tags = [] }) => ({ tags: store.putBook({ ...store.book(name), tags }).tags }),
    },
    MoveBook: {
      kind: 'unary',
      run: ({ name = '', shelf = '' }) => viewOf(move(store, store.book(name), store.shelf(shelf).name)),
    },
    DeleteBook: {
      kind: 'unary',
      run({ name = '' }) {
        store.removeBook(name);
        return {};
      },
    },
    ImportBooks: {
      kind: 'clientStream',
      async run(requests) {
        const names: string[] = [];
        for await (const request of requests) names.push(add(request).name);
        return { names };
      },
    },
  };
}

function fileMethods(store: LibraryStore): DemoService {
  return {
    DownloadCover: { kind: 'unary', run: ({ name = '' }) => store.cover(name) },
    UploadCover: {
      kind: 'unary',
      async run({ name = '', cover }) {
        const book = store.book(name);
        if (!cover?.data) throw invalid('cover', 'must not be empty');
        store.putCover(name, { contentType: cover.contentType ?? 'application/octet-stream', data: cover.data });
        const hash = await crypto.subtle.digest('SHA-256', Buffer.from(cover.data, 'base64'));
        return viewOf(store.putBook({ ...book, coverHash: Buffer.from(hash).toString('base64') }));
      },
    },
    DownloadText: {
      kind: 'serverStream',
      async *run({ name = '' }) {
        for (const text of store.text(name)) {
          yield { contentType: 'text/plain; charset=utf-8', data: Buffer.from(text).toString('base64') };
        }
      },
    },
  };
}

async function* streamBooks(
  store: LibraryStore,
  { parent = '', interval, failAfter = 0 }: Json,
  call: DemoCall,
): AsyncGenerator<Json> {
  let sent = 0;
  for (const book of store.books(store.shelf(parent).name)) {
    if (sent > 0 && secondsOf(interval) > 0)
      await sleep(secondsOf(interval) * 1000, undefined, { signal: call.signal });
    yield viewOf(book);
    sent++;
    if (sent === failAfter) throw new DemoError(GrpcCode.INTERNAL, `failed after ${sent} books, as asked for`);
  }
}

function move(store: LibraryStore, book: Book, shelf: string): Book {
  if (shelfOf(book.name) === shelf) return book;
  const moved = store.addBook(shelf, book.name.slice(book.name.lastIndexOf('/') + 1), book);
  store.removeBook(book.name);
  return moved;
}

function speaksOf({ title, authors = [] }: Book, text: string): boolean {
  const words = [title, ...authors.flatMap(({ givenName = '', familyName = '' }) => [givenName, familyName])];
  return words.join(' ').toLowerCase().includes(text.toLowerCase());
}
