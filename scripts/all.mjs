// Everything that has to hold before a change is taken, one step after the other; a failure does not stop the rest. Words on the
// command line choose steps by name. `npm test` comes before this and is not repeated here.
//
//     npm run all [-- WORD...]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

// A folder beside the checkout with cases from outside: whole calls taken from the test suites of others, and the conformance
// suite of the JSON mapping. Steps that read it are left out where it is not there.
const cases = join('..', 'shared', 'cases');
/** name, command, and what must exist for the step to make sense */
const steps = [
  ['format and lint', 'npm run check'],
  ['types', 'npm run types'],
  ['import rule', 'node test/run.mjs imports'],
  // What Node shares out and how it schedules differs between versions: the tests that passed on this one pass there as well.
  ['tests on Node 24', 'npx --yes --package node@24 node test/run.mjs'],
  // What others rely on for their safety must not break the gateway; faults take their time and have nothing of it.
  ['frozen Object.prototype', 'node test/run.mjs --frozen unit integration property'],
  ['generated files', 'node scripts/check-generated.mjs'],
  ['OpenAPI lint', 'npm run lint:openapi'],
  ['deployment files', 'npm run lint:deploy'],
  ['dead code', 'npm run dead-code'],
  ['package metadata', 'npm run lint:package'],
  ['package', 'npm run package'],
  ['interop', 'npm run interop'],
  ['replicas replaced under load', 'npm run rolling'],
  ['browser', 'npm run browser'],
  // 15,000 operations, some minutes.
  ['scale', 'npm run scale'],
  ['start-up budgets', 'npm run bench:startup'],
  ['memory of streams', 'npm run bench:streams -- --smoke'],
  ['benchmark smoke', 'npm run bench:smoke'],
  ['acceptance cases', `node ${join(cases, 'run.mjs')}`, join(cases, 'run.mjs')],
  [
    'conformance',
    `npm run conformance -- ${join(cases, 'conformance', 'visible.jsonl.gz')}`,
    join(cases, 'conformance'),
  ],
];

const words = process.argv.slice(2);
const results = [];
for (const [name, command, needed] of steps) {
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
  if (needed !== undefined && !existsSync(needed)) continue;
  console.log(`\n=== ${name}: ${command}`);
  const start = performance.now();
  const { status } = spawnSync(command, { shell: true, stdio: ['ignore', 'inherit', 'inherit'] });
  results.push({ name, isPassed: status === 0, seconds: (performance.now() - start) / 1000 });
}

console.log('');
for (const { name, isPassed, seconds } of results) {
  console.log(`${isPassed ? 'passed' : 'FAILED'}  ${name} (${seconds.toFixed(1)} s)`);
}
const failed = results.filter(({ isPassed }) => !isPassed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 || results.length === 0 ? 1 : 0;
