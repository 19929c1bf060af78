/**
 * Loaded before a gateway by `--import`: each SIGUSR2 moves its clock on the wall, an hour ahead, an hour behind, and right again. Its monotonic
 * clock goes on as ever.
 */
const hour = 3_600_000;
const offsets = [0, hour, -hour];
const Right = Date;
let turn = 0;

globalThis.Date = class extends Right {
  constructor(...given: [] | [number]) {
    super(...((given.length === 0 ? [Date.now()] : given) as [number]));
  }

  static override now(): number {
    return Right.now() + (offsets[turn % offsets.length] ?? 0);
  }
} as DateConstructor;

process.on('SIGUSR2', () => {
  turn++;
  process.stderr.write(`the clock is moved ${turn}\n`);
});
