/**
 * @module One run of the writer over wire bytes: into the working buffer and out of it, once more where they are out of order, and its
 * failures as CodecError.
 */
import { Fault } from '../wire/fault.ts';
import { load, scratch as shared } from '../wire/scratch.ts';
import { CodecError } from './codec-error.ts';
import { pathAtEnd } from './json-path.ts';
import { closeAllKeys } from './key-set.ts';
import { mergeWire } from './merge-wire.ts';
import { disorder, reached, type WriterContext, writeRoot } from './write-message.ts';
import type { WriterPlan } from './write-plan.ts';

const scratch = shared;

/** Writes the JSON of `wire` and hands over where in the working buffer it is. Throws CodecError. */
export function runWriter<Result>(
  plan: WriterPlan,
  wire: Uint8Array,
  context: WriterContext,
  hand: (start: number, end: number) => Result,
): Result {
  let start = load(wire);
  try {
    try {
      return hand(start, writeRoot(plan, wire.length, start, context));
    } catch (error) {
      if (error !== disorder) throw error;
      closeAllKeys();
      const ordered = mergeWire(plan, wire, context);
      start = load(ordered);
      return hand(start, writeRoot(plan, ordered.length, start, context));
    }
  } catch (error) {
    closeAllKeys();
    if (!(error instanceof Fault)) throw error;
    const path = pathAtEnd(scratch.bytes.subarray(start, Math.max(start, reached)));
    throw new CodecError(path, `${error.message} (offset ${error.offset} of the message)`);
  }
}
