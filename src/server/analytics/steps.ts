/** Cells by method and step of time: the last hour, or less where many methods are called. */
import { addCell, addJsonEstimate, type Cell, emptyCell } from './cell.ts';

export const STEP_MS = 10_000;
export const WINDOW_MS: number = 3600_000;

/** Cells that are held at most, of 904 bytes each: with all else here 20 MiB. */
export const MAX_CELLS = 16_384;

interface Step {
  /** When it began, in milliseconds since 1970: a multiple of STEP_MS, so that those of several processes are the same. */
  readonly at: number;
  readonly cells: Map<string, Cell>;
}

/** Cells by a key. */
export type Tally = Map<string, Cell>;

export class Steps {
  readonly #now: () => number;
  readonly #maxCells: number;
  /** The oldest first. */
  readonly #steps: Step[] = [];
  #cellCount = 0;
  #since: number;

  constructor(now: () => number, maxCells: number = MAX_CELLS) {
    this.#now = now;
    this.#maxCells = maxCells;
    this.#since = now();
  }

  get cellCount(): number {
    return this.#cellCount;
  }

  /** Since when nothing is missing. */
  get since(): number {
    this.#forget();
    return this.#since;
  }

  /** The cell of a method now. */
  cell(method: string): Cell {
    const { cells } = this.#step();
    const known = cells.get(method);
    if (known !== undefined) return known;
    const cell = emptyCell();
    cells.set(method, cell);
    this.#cellCount++;
    this.#forget();
    return cell;
  }

  /** Adds up the cells of steps that began at `since` or later, by what `keyOf` says of them; those without a key are left out. */
  tally(since: number, keyOf: (at: number, method: string) => string | undefined, hasStreamDurations: boolean): Tally {
    this.#forget();
    const tally: Tally = new Map();
    for (const { at, cells } of this.#steps) {
      if (at < since) continue;
      for (const [method, cell] of cells) {
        const sum = sumIn(tally, keyOf(at, method));
        if (sum === undefined) continue;
        addCell(sum, cell, hasStreamDurations);
        addJsonEstimate(sum, cell);
      }
    }
    return tally;
  }

  #step(): Step {
    const at = stepOf(this.#now());
    const last = this.#steps.at(-1);
    // A clock that is set back does not make a second step of the same time.
    if (last !== undefined && last.at >= at) return last;
    const step = { at, cells: new Map() };
    this.#steps.push(step);
    return step;
  }

  /** What is too old, and the oldest where there is too much. */
  #forget(): void {
    const oldest = stepOf(this.#now()) - WINDOW_MS;
    for (let first = this.#steps[0]; first !== undefined; first = this.#steps[0]) {
      const isTooMuch = this.#cellCount > this.#maxCells && this.#steps.length > 1;
      if (first.at >= oldest && !isTooMuch) break;
      this.#steps.shift();
      this.#cellCount -= first.cells.size;
      this.#since = Math.max(this.#since, first.at + STEP_MS);
    }
    this.#since = Math.max(this.#since, oldest);
  }
}

export function stepOf(time: number): number {
  return Math.floor(time / STEP_MS) * STEP_MS;
}

/** The cell of a key, which may be new. */
export function sumIn(tally: Tally, key: string): Cell;
export function sumIn(tally: Tally, key: string | undefined): Cell | undefined;
export function sumIn(tally: Tally, key: string | undefined): Cell | undefined {
  if (key === undefined) return undefined;
  const sum = tally.get(key) ?? emptyCell();
  tally.set(key, sum);
  return sum;
}
