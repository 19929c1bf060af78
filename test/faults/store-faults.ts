/** The store that gateways count in together is slow, silent, gone and back. Calls go on. */
import assert from 'node:assert/strict';
import { missingValkey, startValkey } from '../upstreams/valkey-server.ts';
import { Line } from './line.ts';
import type { Fault, Finding, Stage } from './stage.ts';

export const storeFaults: readonly Fault[] = [
  { name: 'the store of limits slow, silent, gone, and back', run: storeGone },
];

async function storeGone(stage: Stage): Promise<Finding> {
  if (missingValkey !== undefined) return { note: missingValkey };
  const valkey = await startValkey(stage);
  const line = await Line.start(valkey.port);
  stage.after(() => line.close());
  const { target } = await stage.upstream();
  const calls = [{ rates: ['1000000/1h'], concurrent: 1000 }];
  const limits = { drain: '1s', calls, store: { url: `redis://${line.target}` } };
  const { url } = await stage.gateway({ target }, { limits });
  const load = stage.load(url, { kinds: ['read'], workers: 4 });
  const count = 200 * stage.scale;
  // Code that is not warm would count for the first phase.
  await stage.succeed(2 * count);
  const phases: [name: string, begin: () => unknown][] = [
    ['at rest', () => {}],
    ['slow', () => Object.assign(line, { slice: { bytes: 1000, pauseMs: 200 } })],
    [
      'silent',
      () => {
        line.slice = undefined;
        line.silence();
      },
    ],
    ['gone', () => valkey.kill()],
    ['back', () => valkey.restart()],
  ];
  const found: { readonly name: string; readonly p50: number; readonly p99: number }[] = [];
  for (const [name, begin] of phases) {
    await begin();
    const first = stage.ledger.outcomes.length;
    await stage.succeed(count);
    const times = stage.ledger.outcomes.slice(first).map(({ startedAt, endedAt }) => endedAt - startedAt);
    times.sort((a, b) => a - b);
    const at = (part: number): number => times[Math.floor(times.length * part)] ?? Number.NaN;
    found.push({ name, p50: at(0.5), p99: at(0.99) });
  }
  await load.stop();
  const [rest] = found;
  const added = found.slice(1).map(({ name, p50, p99 }) => {
    return `${name} ${signed(p50 - (rest?.p50 ?? 0))} (p99 ${signed(p99 - (rest?.p99 ?? 0))})`;
  });
  // On a busy machine a short run says nothing.
  if (stage.scale > 1) for (const { name, p50 } of found) assert.ok(p50 - (rest?.p50 ?? 0) <= 5, name);
  return { ...stage.balance(), note: `added in ms at the median: ${added.join(', ')}` };
}

function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${Math.abs(ms).toFixed(1)}`;
}
