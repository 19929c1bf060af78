import type { DescMessage, Message } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import type { SourcePosition } from './descriptors.ts';
import { ProtoLexer } from './proto-lexer.ts';
import { stringBytes } from './proto-string.ts';
import type { SourceLocation } from './source-map.ts';

/** One step of an option's name: `(google.api.http).get` has two. */
export interface OptionNamePart {
  readonly name: string;
  readonly isExtension: boolean;
}

/** One `option` statement, or one entry in the brackets behind a field. */
export interface OptionStatement {
  readonly parts: readonly OptionNamePart[];
  /** The value as it stands in the file. What a proto file can say there, protobuf's text format can say too. */
  readonly text: string;
  readonly position: SourcePosition;
}

/** The options of one element as they stand in the text, to be set on `target` once their names can be resolved. */
export interface PendingOptions {
  readonly schema: DescMessage;
  readonly target: Message;
  /** Full name of the element; its names are looked up from here outwards. */
  readonly scope: string;
  readonly statements: OptionStatement[];
}

/** Anything that can carry options: `options` is made when the first one is met. */
interface Optioned {
  options?: Message | undefined;
}

/** A statement's first token, by which protoc says where the whole of it stands. */
export type StatementStart = Pick<SourcePosition, 'line' | 'column'>;

/**
 * The parts of the proto grammar that its statements share: names, numbers, strings, options, and the end of a
 * declaration, where comments are shared out. Gathers options and locations of one file.
 */
export class ProtoCursor {
  readonly lexer: ProtoLexer;
  readonly locations: Map<object, SourceLocation> = new Map();
  readonly #pending: Map<Message, PendingOptions> = new Map();
  #leading = '';

  constructor(source: string, file: string) {
    this.lexer = new ProtoLexer(source, file);
    this.#leading = this.lexer.nextWithComments().leading;
  }

  get pending(): PendingOptions[] {
    return [...this.#pending.values()];
  }

  get start(): StatementStart {
    return { line: this.lexer.line, column: this.lexer.column };
  }

  /** The current token, as messages name it. */
  get found(): string {
    if (this.lexer.kind === 'end') return 'the file ends';
    return `found ${this.lexer.kind === 'string' ? this.lexer.text : `"${this.lexer.text}"`}`;
  }

  is(text: string): boolean {
    return this.lexer.text === text && this.lexer.kind !== 'string';
  }

  accept(text: string): boolean {
    const isHere = this.is(text);
    if (isHere) this.lexer.next();
    return isHere;
  }

  expect(text: string): void {
    if (!this.accept(text)) this.#expected(`"${text}"`);
  }

  identifier(what: string): string {
    if (this.lexer.kind !== 'identifier') this.#expected(what);
    const name = this.lexer.text;
    this.lexer.next();
    return name;
  }

  /** `a.b.C`, or `.a.b.C` where a leading dot makes sense. */
  dottedName(what: string): string {
    let name = this.accept('.') ? `.${this.identifier(what)}` : this.identifier(what);
    while (this.accept('.')) name += `.${this.identifier(what)}`;
    return name;
  }

  integer(what: string): number {
    const isNegative = this.accept('-');
    if (this.lexer.kind !== 'integer') this.#expected(what);
    const value = Number(/^0\d/.test(this.lexer.text) ? `0o${this.lexer.text.slice(1)}` : this.lexer.text);
    if (!(value <= 2 ** 31)) this.lexer.fail(`${what}: ${this.lexer.text} is out of range`);
    this.lexer.next();
    return isNegative ? -value : value;
  }

  bytes(what: string): Uint8Array {
    const tokens: string[] = [];
    for (; this.lexer.kind === 'string'; this.lexer.next()) tokens.push(this.lexer.text);
    if (tokens.length === 0) this.#expected(what);
    return stringBytes(tokens) ?? this.lexer.fail(`${what}: an escape in the string is not one of proto's`);
  }

  string(what: string): string {
    return new TextDecoder().decode(this.bytes(what));
  }

  /** The `;` or `{` that ends the head of a declaration: its place and comments are noted for `element`. */
  endOfDeclaration(end: ';' | '{', element?: object, start?: StatementStart): void {
    if (!this.is(end)) this.#expected(`"${end}"`);
    const { leading, trailing } = this.lexer.nextWithComments();
    if (element !== undefined && start !== undefined) {
      this.locations.set(element, { ...start, leading: this.#leading, trailing });
    }
    this.#leading = leading;
  }

  /** True at the `}` that closes a block, which is passed over. */
  endOfBlock(): boolean {
    if (this.lexer.kind === 'end') this.lexer.fail('the file ends within a block: "}" is missing');
    if (!this.is('}')) return false;
    this.#leading = this.lexer.nextWithComments().leading;
    return true;
  }

  /** `option NAME = VALUE;` */
  optionStatement(owner: Optioned, schema: DescMessage, scope: string): void {
    this.expect('option');
    const statement = this.#option();
    this.pendingOf(owner, schema, scope).statements.push(statement);
    this.endOfDeclaration(';');
  }

  /** `[NAME = VALUE, …]`, or nothing. Entries that `take` keeps for itself are not options. */
  bracketOptions(owner: Optioned, schema: DescMessage, scope: string, take?: (name: string) => boolean): void {
    if (!this.accept('[')) return;
    do {
      if (take?.(this.lexer.text)) continue;
      this.pendingOf(owner, schema, scope).statements.push(this.#option());
    } while (this.accept(','));
    this.expect(']');
  }

  pendingOf(owner: Optioned, schema: DescMessage, scope: string): PendingOptions {
    owner.options ??= create(schema);
    let pending = this.#pending.get(owner.options);
    if (pending === undefined) {
      pending = { schema, target: owner.options, scope, statements: [] };
      this.#pending.set(owner.options, pending);
    }
    return pending;
  }

  #option(): OptionStatement {
    const { position } = this.lexer;
    const parts: OptionNamePart[] = [];
    do {
      const isExtension = this.accept('(');
      parts.push({
        name: isExtension ? this.dottedName('an option name') : this.identifier('an option name'),
        isExtension,
      });
      if (isExtension) this.expect(')');
    } while (this.accept('.'));
    this.expect('=');
    return { parts, text: this.#optionValue(), position };
  }

  #optionValue(): string {
    if (this.is('{')) return this.#aggregate();
    if (this.lexer.kind === 'string') {
      const tokens: string[] = [];
      for (; this.lexer.kind === 'string'; this.lexer.next()) tokens.push(this.lexer.text);
      return tokens.join(' ');
    }
    const sign = this.accept('-') ? '-' : '';
    if (!['identifier', 'integer', 'float'].includes(this.lexer.kind)) this.#expected('the value of the option');
    const text = sign + this.lexer.text;
    this.lexer.next();
    return text;
  }

  /** The tokens from `{` to its `}`: text format knows no comments but those from `#`. */
  #aggregate(): string {
    let text = '';
    let end = this.lexer.start;
    this.lexer.hasHashComments = true;
    for (let depth = 0; ; this.lexer.next()) {
      if (this.lexer.kind === 'end') this.lexer.fail('the file ends within the value of an option: "}" is missing');
      if (this.is('{')) depth++;
      else if (this.is('}')) depth--;
      text += this.lexer.start === end ? this.lexer.text : ` ${this.lexer.text}`;
      end = this.lexer.start + this.lexer.text.length;
      if (depth === 0) break;
    }
    this.lexer.hasHashComments = false;
    this.lexer.next();
    return text;
  }

  #expected(what: string): never {
    this.lexer.fail(`expected ${what}, ${this.found}`);
  }
}

/** `a.b` and `C` → `a.b.C`; without a scope the name alone. */
export function qualify(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
