/**
 * @module The JSON of a large message in pieces. The wire is cut into stretches between fields, between the elements of lists, and within
 * long texts, bytes and packed lists. Each is converted as if it were the message, and gives what lies between its braces. Submessages
 * and lists that are longer than a stretch are gone into; all else is converted whole.
 */
import { WireFormatError } from '../wire/fragment.ts';
import { scratch as shared } from '../wire/scratch.ts';
import { varint } from '../wire/varint.ts';
import { CodecError } from './codec-error.ts';
import { runWriter } from './run-writer.ts';
import { opBytes, opMessage, opString, plainMessage } from './value-op.ts';
import { cutAfter, fieldsIn, type Item, stretchesOf, uncut, valuesIn } from './wire-items.ts';
import type { WriterContext } from './write-message.ts';
import { list, single, type WriterField, type WriterPlan } from './write-plan.ts';
import { bytesOf } from './write-text.ts';

const scratch = shared;

/** For the JSON of one field: bytes before its value in the object of this field alone, and what stands for it where it is absent. */
export interface View {
  readonly before: number;
  readonly absent: Buffer;
}

/** See JsonWriter.pieces. */
export function piecesOf(
  plan: WriterPlan,
  wire: Uint8Array,
  context: WriterContext,
  view?: View,
): Iterable<Uint8Array> | undefined {
  if (plan.special !== plainMessage) return undefined;
  try {
    for (const _ of new PieceWriter(wire, context, false).message(plan));
  } catch (error) {
    // Written whole, the message fails with its own path and offset.
    if (error === uncut || error instanceof CodecError || error instanceof WireFormatError) return undefined;
    throw error;
  }
  const pieces = new PieceWriter(wire, context, true).message(plan);
  return view === undefined ? pieces : withoutKey(pieces, view);
}

/** The value of the only member: without key and braces. */
function* withoutKey(pieces: Iterable<Uint8Array>, { before, absent }: View): Generator<Uint8Array> {
  let skipped = 0;
  let last: Uint8Array | undefined;
  for (const piece of pieces) {
    if (last !== undefined) yield last;
    last = piece.subarray(before - skipped);
    skipped = before;
  }
  yield last === undefined || last.length === 0 ? absent : last.subarray(0, -1);
}

class PieceWriter {
  readonly #wire: Uint8Array;
  readonly #context: WriterContext;
  /** False to convert for the errors alone. */
  readonly #isKept: boolean;
  /** Brackets and keys that the next piece begins with. */
  #lead = '';
  #needsComma = false;

  constructor(wire: Uint8Array, context: WriterContext, isKept: boolean) {
    this.#wire = wire;
    this.#context = context;
    this.#isKept = isKept;
  }

  *message(plan: WriterPlan): Generator<Uint8Array> {
    yield* this.#object(plan, 0, this.#wire.length, 1);
    yield Buffer.from(this.#lead);
  }

  *#object(plan: WriterPlan, from: number, end: number, depth: number): Generator<Uint8Array> {
    if (plan.dense === null) plan.compile();
    this.#open('{');
    let next = 0;
    for (const { last, from: start, isLarge } of stretchesOf(fieldsIn(plan, this.#wire, from, end))) {
      const { field } = last;
      if (isLarge && field !== undefined) {
        // The defaults before it.
        yield* this.#stretch(plan.stretch(depth, next, field.index), end, end);
        yield* this.#large(plan.stretch(depth, field.index, field.index + 1), last, field);
      } else yield* this.#stretch(plan.stretch(depth, next, last.reach), start, last.end);
      next = last.reach;
    }
    yield* this.#stretch(plan.stretch(depth, next, plan.fields.length), end, end);
    this.#close('}');
  }

  /** A field that is longer than a stretch. */
  *#large(plan: WriterPlan, item: Item, field: WriterField): Generator<Uint8Array> {
    const isList = field.shape === list && !field.enumTexts?.isClosed;
    if (!isList && (field.shape !== single || !isDivisible(field, item))) {
      return yield* this.#stretch(plan, item.from, item.end);
    }
    this.#open(bytesOf(field.key).toString());
    if (!isList) return yield* this.#value(plan, item, field);
    this.#open('[');
    for (const { last, from, isLarge } of stretchesOf(valuesIn(plan, this.#wire, item.from, item.end))) {
      if (isLarge && isDivisible(field, last)) yield* this.#value(plan, last, field);
      else yield* this.#convert(plan, this.#wire.subarray(from, last.end), edgesOf(field));
    }
    // Packed lists without a number in them, and no list therefore.
    if (!this.#needsComma) throw uncut;
    this.#close(']');
  }

  /** A message, text, bytes or packed list. */
  *#value(plan: WriterPlan, item: Item, field: WriterField): Generator<Uint8Array> {
    if (field.message !== undefined) return yield* this.#object(field.message, item.value, item.end, plan.depth + 1);
    const quote = item.tag === field.packedTag ? '' : '"';
    const edges = edgesOf(field, quote);
    this.#open(quote);
    for (let from = item.value; from < item.end; ) {
      const cut = cutAfter(item, this.#wire, from);
      const head = Uint8Array.from([...varint(item.tag), ...varint(cut - from)]);
      yield* this.#convert(plan, Buffer.concat([head, this.#wire.subarray(from, cut)]), edges);
      if (quote !== '') this.#needsComma = false;
      from = cut;
    }
    if (quote !== '') this.#close(quote);
  }

  /** Fields of one message. */
  #stretch(plan: WriterPlan, from: number, end: number): Generator<Uint8Array> {
    return this.#convert(plan, this.#wire.subarray(from, end), braces);
  }

  /** What the JSON of a message has between its edges, if anything, with the lead before it. */
  *#convert(plan: WriterPlan, wire: Uint8Array, { before, behind }: Edges): Generator<Uint8Array> {
    const piece = runWriter(plan, wire, this.#context, (start, end) => {
      const length = end - start - before - behind;
      if (length <= 0) return undefined;
      this.#open('');
      const lead = Buffer.from(this.#lead);
      this.#lead = '';
      this.#needsComma = true;
      return this.#isKept ? Buffer.concat([lead, scratch.bytes.subarray(start + before, end - behind)]) : undefined;
    });
    if (piece !== undefined) yield piece;
  }

  #open(text: string): void {
    this.#lead += this.#needsComma ? `,${text}` : text;
    this.#needsComma = false;
  }

  #close(text: string): void {
    this.#lead += text;
    this.#needsComma = true;
  }
}

/** Bytes at either end of a converted stretch that are not to go out. */
interface Edges {
  readonly before: number;
  readonly behind: number;
}

const braces: Edges = { before: 1, behind: 1 };

/** What is around the elements of a list, or the inside of one quoted value. */
function edgesOf({ shape, key }: WriterField, quote = ''): Edges {
  const behind = 1 + (shape === list ? 1 : 0) + quote.length;
  return { before: key.length + behind, behind };
}

/** Whether the value of a field can be gone into. */
function isDivisible({ op, packedTag, message }: WriterField, { tag }: Item): boolean {
  if (op === opMessage) return message?.special === plainMessage;
  return op === opString || op === opBytes || tag === packedTag;
}
