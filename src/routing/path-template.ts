/**
 * @module The path-template grammar of google/api/http.proto: text in, an immutable template out, and back.
 *
 *     Template = "/" [ Segments [ Verb ] ] ;   Segments = Segment { "/" Segment } ;
 *     Segment  = "*" | "**" | LITERAL | Variable ;
 *     Variable = "{" FieldPath [ "=" Segments ] "}" ;   FieldPath = IDENT { "." IDENT } ;   Verb = ":" LITERAL ;
 *
 * (http.proto has no bare "/"; it is taken for the root, as the other gateways do.) What the grammar leaves open:
 * a LITERAL holds what a URL's segment may (RFC 3986 pchar) but `*` and `:`, which mean something else here; any
 * other character is written percent-encoded. Variables do not nest, `**` is there once, and comes last but for a verb unless more
 * is allowed.
 */

/** One segment of the flattened template. A literal's `text` is percent-decoded. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'single' }
  | { readonly kind: 'multi' };

/** A variable and the flattened segments it spans: from `start` up to, but without, `end`. */
export interface TemplateVariable {
  /** `book.name` as written. */
  readonly fieldPath: string;
  readonly start: number;
  readonly end: number;
  /**
   * Decoded as a multi-segment value, so that `%2F` stays encoded (http.proto): the pattern has more than one segment
   * or is `**` (`{v=a/**}`, `{v=**}`, `{v=shelves/*}`).
   */
  readonly isMultiSegment: boolean;
}

export interface PathTemplate {
  readonly segments: readonly Segment[];
  readonly variables: readonly TemplateVariable[];
  /** Without its colon, percent-decoded. */
  readonly verb: string | undefined;
}

/** A template that breaks the grammar. The message has the column, and what to write instead where that is known. */
export class TemplateError extends Error {
  /** Counts from 1. */
  readonly column: number;

  constructor(column: number, description: string) {
    super(`column ${column}: ${description}`);
    this.name = 'TemplateError';
    this.column = column;
  }
}

export interface TemplateOptions {
  /** Literals and `*` may follow `**`, as some rules of Google's have it: `/v1/{name=a/**}/b`. */
  readonly allowsTail?: boolean;
}

interface Cursor {
  readonly text: string;
  readonly allowsTail: boolean;
  at: number;
  readonly segments: Segment[];
  readonly variables: TemplateVariable[];
}

/** What stands for itself in a literal: RFC 3986 pchar without `*` and `:`. */
const plainCharacter = /[\w.~!$&'()+,;=@-]/;
const literalText = new RegExp(`(?:${plainCharacter.source}|%[\\dA-Fa-f]{2})+`, 'y');
const fieldPathText = /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y;

/**
 * Parses a path template. `/v1/{name=shelves/*}:move` → segments `v1`, `shelves`, `*`; variable `name` over 1 to 3; verb `move`.
 * Throws TemplateError.
 */
export function parsePathTemplate(text: string, { allowsTail = false }: TemplateOptions = {}): PathTemplate {
  const cursor: Cursor = { text, allowsTail, at: 0, segments: [], variables: [] };
  if (!take(cursor, '/')) throw errorAt(cursor, "expected '/': a path begins with it");
  if (text === '/') return { segments: [], variables: [], verb: undefined };
  readSegments(cursor, false);
  const verb = take(cursor, ':') ? readLiteral(cursor, 'a verb') : undefined;
  if (cursor.at < text.length) {
    throw errorAt(cursor, verb === undefined ? describeStray(cursor) : 'the verb comes last; write %3A for a colon');
  }
  return { segments: cursor.segments, variables: cursor.variables, verb };
}

/** The shortest text of a template, `{v}` for `{v=*}`: parsing it gives an equal template. */
export function printPathTemplate({ segments, variables, verb }: PathTemplate): string {
  const pieces = segments.map(printSegment);
  for (const { fieldPath, start, end } of variables) {
    const pattern = pieces.slice(start, end).join('/');
    pieces[start] = `{${fieldPath}${pattern === '*' ? '' : `=${pattern}`}}`;
    pieces.fill('', start + 1, end);
  }
  const path = pieces.filter((piece) => piece !== '').join('/');
  return `/${path}${verb === undefined ? '' : `:${printLiteral(verb)}`}`;
}

function printSegment(segment: Segment): string {
  return segment.kind === 'literal' ? printLiteral(segment.text) : segment.kind === 'single' ? '*' : '**';
}

function printLiteral(text: string): string {
  return Array.from(text, (character) => (plainCharacter.test(character) ? character : escapeOf(character))).join('');
}

function readSegments(cursor: Cursor, isInVariable: boolean): void {
  do {
    refuseTail(cursor);
    if (cursor.text[cursor.at] !== '{') cursor.segments.push(readSegment(cursor));
    else if (isInVariable) throw errorAt(cursor, 'a variable cannot hold another one');
    else readVariable(cursor);
  } while (take(cursor, '/'));
}

function refuseTail(cursor: Cursor): void {
  if (!cursor.segments.some(({ kind }) => kind === 'multi')) return;
  if (!cursor.allowsTail)
    throw errorAt(cursor, "no segment may follow '**', which comes last but for a verb; write * for one segment");
  if (cursor.text.startsWith('**', cursor.at)) throw errorAt(cursor, "'**' is there already; write * for one segment");
}

function readSegment(cursor: Cursor): Segment {
  if (take(cursor, '**')) return { kind: 'multi' };
  if (take(cursor, '*')) return { kind: 'single' };
  return { kind: 'literal', text: readLiteral(cursor, 'a segment') };
}

function readVariable(cursor: Cursor): void {
  take(cursor, '{');
  const column = cursor.at + 1;
  const fieldPath = match(cursor, fieldPathText);
  if (fieldPath === undefined) throw errorAt(cursor, 'expected a field name');
  if (cursor.variables.some((variable) => variable.fieldPath === fieldPath)) {
    throw new TemplateError(column, `the variable ${fieldPath} is there twice`);
  }
  const start = cursor.segments.length;
  if (take(cursor, '=')) readSegments(cursor, true);
  else cursor.segments.push({ kind: 'single' });
  if (!take(cursor, '}')) throw errorAt(cursor, describeUnclosed(cursor));
  const end = cursor.segments.length;
  const isMultiSegment = end - start > 1 || cursor.segments[start]?.kind === 'multi';
  cursor.variables.push({ fieldPath, start, end, isMultiSegment });
}

function readLiteral(cursor: Cursor, what: string): string {
  const column = cursor.at + 1;
  const raw = match(cursor, literalText);
  if (raw === undefined) {
    const isEnd = cursor.at === cursor.text.length || '/:}'.includes(cursor.text[cursor.at] ?? '');
    throw errorAt(cursor, isEnd ? `expected ${what}` : describeStray(cursor));
  }
  try {
    return decodeURIComponent(raw);
  } catch {
    throw new TemplateError(column, 'the percent-encoded bytes are not UTF-8');
  }
}

/** What is wrong with the character at which a segment should have ended. */
function describeStray({ text, at }: Cursor): string {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  switch (character) {
    case '*':
      return "'*' and '**' are whole segments; write %2A for the character";
    case '{':
      return 'a variable is a whole segment';
    case '}':
      return "'}' closes no variable";
    case ':':
      return "':' begins the verb, which ends the path; write %3A for the character";
    case '%':
      return "expected two hexadecimal digits after '%'; write %25 for the character";
    default:
      return plainCharacter.test(character)
        ? "expected '/', ':' or the end"
        : `${JSON.stringify(character)} is not allowed in a path; write ${escapeOf(character)}`;
  }
}

function describeUnclosed(cursor: Cursor): string {
  const next = cursor.text[cursor.at];
  return next !== undefined && '*{:%'.includes(next) ? describeStray(cursor) : "expected '}'";
}

function escapeOf(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&');
}

function errorAt(cursor: Cursor, description: string): TemplateError {
  return new TemplateError(cursor.at + 1, description);
}

function take(cursor: Cursor, token: string): boolean {
  if (!cursor.text.startsWith(token, cursor.at)) return false;
  cursor.at += token.length;
  return true;
}

function match(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at;
  const found = pattern.exec(cursor.text)?.[0];
  if (found !== undefined) cursor.at += found.length;
  return found;
}
