/** Each fault once, briefly. `npm run faults` repeats them for longer and measures. */
import { describe, test } from 'node:test';
import { faults } from './faults.ts';
import { Stage } from './stage.ts';

// Most of their time is spent waiting.
describe('under load', { timeout: 120_000, concurrency: 4 }, () => {
  for (const { name, run, isLong } of faults) {
    test(name, { skip: isLong === true && 'by `npm run faults` alone' }, async (t) => {
      const stage = new Stage(1);
      t.after(() => stage.end());
      const { note } = await run(stage);
      t.diagnostic(note);
    });
  }
});
