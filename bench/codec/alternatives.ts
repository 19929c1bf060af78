/**
 * @module What the codec could be instead of a table: a tree of closures (closures.ts), or generated code (generated.ts). Wire to JSON, in
 * plain order, without the types that have JSON of their own but for Timestamp: enough to measure them on the shapes of the benchmark, over the
 * codec's own primitives.
 */
import type { WriterPlan } from '../../src/codec/write-plan.ts';
import { load, take } from '../../src/wire/scratch.ts';

/** Writes what lies from `from` to `end` at `p`; returns the position behind, and leaves that of the input in `scratch.at`. */
export type Write = (from: number, end: number, p: number, depth: number) => number;
export type Convert = (wire: Uint8Array) => Uint8Array;

export const disorder = new Error('out of order');
export const tooDeep = new Error('nested too deeply');

/** A message's converter, made when it is first used, so that recursive types end. */
export class Lazy {
  write: Write = (from, end, p, depth) => {
    this.write = this.#compile(this.#plan, this.#known);
    return this.write(from, end, p, depth);
  };
  readonly #plan: WriterPlan;
  readonly #known: Map<WriterPlan, Lazy>;
  readonly #compile: Compile;

  constructor(plan: WriterPlan, known: Map<WriterPlan, Lazy>, compile: Compile) {
    this.#plan = plan;
    this.#known = known;
    this.#compile = compile;
  }
}

export type Compile = (plan: WriterPlan, known: Map<WriterPlan, Lazy>) => Write;

export function lazyOf(plan: WriterPlan, known: Map<WriterPlan, Lazy>, compile: Compile): Lazy {
  const found = known.get(plan) ?? new Lazy(plan, known, compile);
  known.set(plan, found);
  return found;
}

export function converterOf(plan: WriterPlan, compile: Compile): Convert {
  const root = lazyOf(plan, new Map(), compile);
  return (wire) => {
    const p = load(wire);
    return take(p, root.write(0, wire.length, p, 1));
  };
}
