/** Work that is nobody's answer: so much of it at a time, so much that waits, and nothing beyond. */
export class BoundedWork {
  readonly #concurrency: number;
  readonly #queue: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(concurrency: number, queue: number) {
    this.#concurrency = concurrency;
    this.#queue = queue;
  }

  /** False when there is no room. What is taken begins behind everything that is already due: answers go first. It must not reject. */
  add(work: () => Promise<void>): boolean {
    if (this.#running >= this.#concurrency) {
      if (this.#waiting.length >= this.#queue) return false;
      this.#waiting.push(work);
      return true;
    }
    this.#running++;
    setImmediate(() => void this.#run(work));
    return true;
  }

  async #run(work: () => Promise<void>): Promise<void> {
    await work();
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else setImmediate(() => void this.#run(next));
  }
}
