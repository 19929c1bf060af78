/** Each fault once, briefly. `npm run faults` repeats them for longer and measures. */
import { test } from 'node:test';
import { faults } from './faults.ts';
import { Stage } from './stage.ts';

for (const { name, run, isLong } of faults) {
  test(name, { timeout: 60_000, skip: isLong === true && 'by `npm run faults` alone' }, async (t) => {
    const stage = new Stage(1);
    t.after(() => stage.end());
    const { note } = await run(stage);
    t.diagnostic(note);
  });
}
