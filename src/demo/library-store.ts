/**
 * The shelves and books of the example, in memory, in the proto3 JSON of their messages.
 */
import { alreadyExists, invalid, notFound } from './demo-error.ts';
import { seedBooks, seedCover, seedShelves, seedTexts } from './seed.ts';

export interface Shelf {
  readonly name: string;
  readonly theme: string;
  readonly createTime: string;
}

export interface Author {
  readonly givenName?: string;
  readonly familyName?: string;
  readonly born?: number;
}

/** The fields that the example itself looks at; the others are kept as they came. */
export interface Book {
  readonly name: string;
  readonly title: string;
  readonly authors?: readonly Author[];
  readonly genre?: string;
  readonly isbn?: string;
  readonly copiesSold?: string;
  readonly publishTime?: string;
  readonly readingTime?: string;
  readonly tags?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly inPrint?: boolean;
  readonly subject?: string;
  readonly [field: string]: unknown;
}

export interface Cover {
  readonly contentType: string;
  /** Base64. */
  readonly data: string;
}

const idPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

export class LibraryStore {
  readonly #shelves = new Map(seedShelves.map((shelf) => [shelf.name, shelf]));
  readonly #books = new Map(seedBooks.map((book) => [book.name, book]));
  readonly #covers = new Map<string, Cover>();
  #lastId = 0;

  /** By name. */
  get shelves(): readonly Shelf[] {
    return [...this.#shelves.values()].sort(byName);
  }

  /** By name; of one shelf, or of all. */
  books(shelf = ''): readonly Book[] {
    if (shelf !== '') this.shelf(shelf);
    return [...this.#books.values()].filter(({ name }) => shelf === '' || shelfOf(name) === shelf).sort(byName);
  }

  shelf(name: string): Shelf {
    return this.#shelves.get(name) ?? fail(notFound('Shelf', name));
  }

  book(name: string): Book {
    return this.#books.get(name) ?? fail(notFound('Book', name));
  }

  addShelf(id: string, theme: string): Shelf {
    const name = `shelves/${this.#checkedId(id, 'shelf_id', 'shelf')}`;
    if (this.#shelves.has(name)) throw alreadyExists('Shelf', name);
    const shelf = { name, theme, createTime: '2026-01-01T00:00:00Z' };
    this.#shelves.set(name, shelf);
    return shelf;
  }

  removeShelf(name: string): void {
    this.shelf(name);
    for (const book of this.books(name)) this.removeBook(book.name);
    this.#shelves.delete(name);
  }

  addBook(shelf: string, id: string, book: Omit<Book, 'name'>): Book {
    this.shelf(shelf);
    const name = `${shelf}/books/${this.#checkedId(id, 'book_id', 'book')}`;
    if (this.#books.has(name)) throw alreadyExists('Book', name);
    return this.putBook({ ...book, name } as Book);
  }

  putBook(book: Book): Book {
    if (!book.title) throw invalid('book.title', 'is required');
    this.#books.set(book.name, book);
    return book;
  }

  removeBook(name: string): void {
    this.book(name);
    this.#books.delete(name);
    this.#covers.delete(name);
  }

  cover(book: string): Cover {
    this.book(book);
    return this.#covers.get(book) ?? { contentType: 'image/png', data: seedCover };
  }

  putCover(book: string, cover: Cover): void {
    this.#covers.set(book, cover);
  }

  text(book: string): readonly string[] {
    this.book(book);
    return seedTexts.get(book) ?? [];
  }

  // The same calls always make the same names.
  #checkedId(id: string, field: string, prefix: string): string {
    if (id === '') return `${prefix}-${++this.#lastId}`;
    if (!idPattern.test(id)) throw invalid(field, 'must be lower-case letters, digits and hyphens, at most 63');
    return id;
  }
}

/** `shelves/a/books/b` → `shelves/a` */
export function shelfOf(bookName: string): string {
  return bookName.slice(0, bookName.lastIndexOf('/books/'));
}

function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : 1;
}

function fail(error: Error): never {
  throw error;
}
