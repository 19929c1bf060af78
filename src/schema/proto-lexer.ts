import type { SourcePosition } from './descriptors.ts';
import { SchemaError } from './problem.ts';

export type TokenKind = 'identifier' | 'integer' | 'float' | 'string' | 'symbol' | 'end';

/** The comments between two tokens, shared out as protoc does (descriptor.proto, SourceCodeInfo.Location). */
export interface Comments {
  /** Belongs to what ended with the token before. */
  readonly trailing: string;
  /** Belongs to what begins with the current token. */
  readonly leading: string;
}

const none: Comments = { trailing: '', leading: '' };

const number = /0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fF]?/y;
const identifier = /[A-Za-z_]\w*/y;
const blanks = /[ \t\r\v\f]+/y;
const string = /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'/y;

/**
 * Cuts proto text into tokens, one at a time; its fields describe the current one. Comments are dropped by `next` and
 * shared out by `nextWithComments`.
 */
export class ProtoLexer {
  kind: TokenKind = 'symbol';
  /** As written: strings with their quotes and escapes. */
  text = '';
  start = 0;
  line = 1;
  column = 1;
  /** Text format, which option values are written in, has comments from `#` to the end of the line. */
  hasHashComments = false;
  readonly #source: string;
  readonly #file: string;
  #offset = 0;
  #line = 1;
  #lineStart = 0;

  constructor(source: string, file: string) {
    this.#source = source;
    this.#file = file;
    if (source.startsWith('\uFEFF')) this.#offset = this.#lineStart = 1;
  }

  get position(): SourcePosition {
    return { file: this.#file, line: this.line, column: this.column };
  }

  /** Refuses the file at the current token. Proto text has no point to go on from after a syntax error. */
  fail(message: string): never {
    throw new SchemaError([{ position: this.position, subject: '', message: `column ${this.column}: ${message}` }]);
  }

  next(): void {
    for (this.#skip(blanks); this.#takeNewline() || this.#commentAhead() !== 'none'; this.#skip(blanks)) {
      if (this.#commentAhead() !== 'none') this.#takeComment();
    }
    this.#scan();
  }

  /**
   * As `next`, with the comments passed over. The rules are protoc's Tokenizer::NextWithComments: what stands on the
   * line of the token before is its trailing comment; what touches the next token is its leading comment; of what a
   * blank line separates from both, the first can still be trailing, the others belong to nobody.
   */
  nextWithComments(): Comments {
    if (this.#offset > this.#lineStart && !this.#isLineEndAhead()) {
      this.next();
      return none;
    }
    // Undefined while a comment further on can still be the trailing one.
    let trailing = this.text === '' ? '' : this.#takeTrailingComment();
    let pending: string | undefined;
    let pendingIsLine = false;
    const flush = (): void => {
      if (pending !== undefined) trailing ??= pending;
      pending = undefined;
    };
    for (;;) {
      this.#skip(blanks);
      const ahead = this.#commentAhead();
      if (ahead !== 'none') {
        if (ahead === 'block' || !pendingIsLine) flush();
        pendingIsLine = ahead === 'line';
        pending = (pending ?? '') + this.#takeComment();
        if (ahead === 'block') {
          this.#skip(blanks);
          this.#takeNewline();
        }
      } else if (this.#takeNewline()) {
        flush();
        trailing ??= '';
      } else {
        this.#scan();
        if (this.kind === 'end' || this.text === '}') flush();
        return { trailing: trailing ?? '', leading: pending ?? '' };
      }
    }
  }

  /** The comment on the line of the token before; without one, goes on to the next line. */
  #takeTrailingComment(): string | undefined {
    this.#skip(blanks);
    if (this.#commentAhead() !== 'none') return this.#takeComment();
    this.#takeNewline();
    return undefined;
  }

  /** False when the next token stands on this line: then a comment between the two belongs to neither. */
  #isLineEndAhead(): boolean {
    const [offset, line, lineStart] = [this.#offset, this.#line, this.#lineStart];
    this.#skip(blanks);
    if (this.#commentAhead() === 'line') {
      this.#offset = offset;
      return true;
    }
    if (this.#commentAhead() === 'block') this.#takeComment();
    this.#skip(blanks);
    const isEnd = this.#source[this.#offset] === '\n' || this.#offset >= this.#source.length;
    [this.#offset, this.#line, this.#lineStart] = [offset, line, lineStart];
    return isEnd;
  }

  #skip(pattern: RegExp): void {
    pattern.lastIndex = this.#offset;
    if (pattern.test(this.#source)) this.#offset = pattern.lastIndex;
  }

  #takeNewline(): boolean {
    if (this.#source.charCodeAt(this.#offset) !== 10) return false;
    this.#offset++;
    this.#line++;
    this.#lineStart = this.#offset;
    return true;
  }

  #commentAhead(): 'none' | 'line' | 'block' {
    const first = this.#source.charCodeAt(this.#offset);
    if (first === 35 && this.hasHashComments) return 'line';
    if (first !== 47) return 'none';
    const second = this.#source.charCodeAt(this.#offset + 1);
    return second === 47 ? 'line' : second === 42 ? 'block' : 'none';
  }

  /** A line comment goes with its newline, so that those of several lines add up to one text. */
  #takeComment(): string {
    const start = this.#offset;
    if (this.#commentAhead() === 'line') {
      const newline = this.#source.indexOf('\n', start);
      this.#offset = newline < 0 ? this.#source.length : newline;
      this.#takeNewline();
      return this.#source.slice(start + 2, this.#offset);
    }
    const end = this.#source.indexOf('*/', start + 2);
    if (end < 0) {
      this.#place();
      this.fail('a comment that begins with /* has no */');
    }
    const text = this.#source.slice(start + 2, end);
    for (let at = start; ; ) {
      at = this.#source.indexOf('\n', at);
      if (at < 0 || at > end) break;
      this.#line++;
      this.#lineStart = ++at;
    }
    this.#offset = end + 2;
    return text.replaceAll(/\n[ \t\r\v\f]*\*?/g, '\n');
  }

  #place(): void {
    this.start = this.#offset;
    this.line = this.#line;
    this.column = this.#offset - this.#lineStart + 1;
  }

  #scan(): void {
    this.#place();
    const code = this.#source.charCodeAt(this.#offset);
    if (Number.isNaN(code)) this.#take('end', 0);
    else if (this.#takeMatch('identifier', identifier)) return;
    else if (code === 34 || code === 39) {
      if (!this.#takeMatch('string', string)) this.fail('a string has no closing quote on its line');
    } else if (this.#takeMatch('integer', number)) {
      if (/^\d*[.]|^\d+[eEfF]/.test(this.text)) this.kind = 'float';
      if (/\w/.test(this.#source[this.#offset] ?? '')) this.fail(`a blank is missing after the number ${this.text}`);
    } else this.#take('symbol', 1);
  }

  #takeMatch(kind: TokenKind, pattern: RegExp): boolean {
    pattern.lastIndex = this.#offset;
    if (!pattern.test(this.#source)) return false;
    this.#take(kind, pattern.lastIndex - this.#offset);
    return true;
  }

  #take(kind: TokenKind, length: number): void {
    this.kind = kind;
    this.text = this.#source.slice(this.#offset, this.#offset + length);
    this.#offset += length;
  }
}
