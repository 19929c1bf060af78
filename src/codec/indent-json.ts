import { grow, load, scratch as shared, take } from '../wire/scratch.ts';

const scratch = shared;

/** Deepest indentation that is spelled out; deeper levels stay at it, so that hostile nesting cannot blow the text up. */
const deepest = 100;

/**
 * Pretty-prints a finished JSON text without white space, whole or in pieces that do not end within an escape: a member or element a
 * line, `spaces` a level, `{}` and `[]` kept together.
 */
export class Indenter {
  readonly #spaces: number;
  #depth = 0;
  /** Behind an opening bracket, where a line ends unless the closing one is next. */
  #isOpen = false;
  #isInString = false;

  constructor(spaces: number) {
    this.#spaces = spaces;
  }

  /** The next piece, pretty. */
  indent(json: Uint8Array): Uint8Array {
    const start = load(json);
    let p = start;
    for (let position = 0; position < json.length; ) {
      if (!this.#isInString) {
        p = this.#write(scratch.bytes[position++] as number, p);
        continue;
      }
      const quote = closingQuote(position, json.length);
      this.#isInString = quote === json.length;
      const end = this.#isInString ? quote : quote + 1;
      if (p + end - position > scratch.limit) grow(p + end - position);
      scratch.bytes.copyWithin(p, position, end);
      p += end - position;
      position = end;
    }
    return take(start, p);
  }

  #write(byte: number, p: number): number {
    const isClosing = byte === 0x7d || byte === 0x5d;
    if (isClosing) this.#depth--;
    if (this.#isOpen !== isClosing) p = this.#breakLine(p);
    if (p > scratch.limit) grow(p);
    scratch.bytes[p++] = byte;
    this.#isInString = byte === 0x22;
    this.#isOpen = byte === 0x7b || byte === 0x5b;
    if (this.#isOpen) this.#depth++;
    else if (byte === 0x2c) p = this.#breakLine(p);
    else if (byte === 0x3a) scratch.bytes[p++] = 0x20;
    return p;
  }

  #breakLine(p: number): number {
    const end = p + 1 + Math.min(this.#depth, deepest) * this.#spaces;
    if (end > scratch.limit) grow(end);
    scratch.bytes[p] = 0x0a;
    scratch.bytes.fill(0x20, p + 1, end);
    return end;
  }
}

/** Position of the quote that ends the string, or `end`. */
function closingQuote(from: number, end: number): number {
  let position = from;
  while (position < end && scratch.bytes[position] !== 0x22) position += scratch.bytes[position] === 0x5c ? 2 : 1;
  return position;
}
