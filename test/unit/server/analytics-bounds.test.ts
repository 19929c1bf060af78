/** How much the analytics hold, however much there is to hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Rpc, RpcOutcome } from '../../../src/gateway/hooks.ts';
import { Callers, MAX_CALLERS } from '../../../src/server/analytics/callers.ts';
import { increase } from '../../../src/server/analytics/cell.ts';
import { Examples, MAX_EXAMPLES, plainWords } from '../../../src/server/analytics/examples.ts';
import { MAX_CELLS, STEP_MS, Steps, WINDOW_MS } from '../../../src/server/analytics/steps.ts';
import { GrpcCode } from '../../../src/status/code.ts';
import { StatusError } from '../../../src/status/status-error.ts';

/** A clock that goes when it is told to. */
class Clock {
  time = 1_700_000_000_000;
  readonly now = (): number => this.time;
}

const byName = (_at: number, method: string): string => method;
const countOf = (steps: Steps, since: number): number =>
  [...steps.tally(since, byName, true).values()].reduce((sum, cell) => sum + (cell[GrpcCode.OK] ?? 0), 0);

test('steps: an hour, and not a step more', () => {
  const clock = new Clock();
  const steps = new Steps(clock.now);
  const perHour = WINDOW_MS / STEP_MS;
  for (let step = 0; step < 2 * perHour; step++, clock.time += STEP_MS) increase(steps.cell('a.B.C'), GrpcCode.OK, 1);
  // The step that is now, which is empty, and those of an hour before.
  assert.equal(steps.since, clock.time - WINDOW_MS);
  assert.equal(steps.cellCount, perHour);
  assert.equal(countOf(steps, 0), perHour);
  assert.equal(countOf(steps, clock.time - 5 * STEP_MS), 5);
  clock.time += 2 * WINDOW_MS;
  assert.equal(steps.since, clock.time - WINDOW_MS);
  assert.equal(steps.cellCount, 0);
});

test('steps: many methods leave less than an hour, and it says since when', () => {
  const clock = new Clock();
  const steps = new Steps(clock.now, 100);
  for (let step = 0; step < 20; step++, clock.time += STEP_MS) {
    for (let method = 0; method < 30; method++) increase(steps.cell(`a.B.C${method}`), GrpcCode.OK, 1);
    assert.ok(steps.cellCount <= 100, `${steps.cellCount} cells`);
  }
  assert.equal(steps.cellCount, 90);
  assert.equal(steps.since, clock.time - 3 * STEP_MS);
  assert.equal(countOf(steps, 0), 90);
});

test('steps: a clock that is set back loses nothing', () => {
  const clock = new Clock();
  const steps = new Steps(clock.now);
  increase(steps.cell('a.B.C'), GrpcCode.OK, 1);
  clock.time -= 60_000;
  increase(steps.cell('a.B.C'), GrpcCode.OK, 1);
  assert.equal(countOf(steps, 0), 2);
});

function rpcOf(method: string, address: string, agent: string): Rpc {
  const rpc = {
    protocol: 'rest',
    method: { fullName: method },
    binding: undefined,
    request: { method: 'GET', target: '/', headers: { 'user-agent': agent } },
    client: { address, scheme: 'http', certificateNames: undefined },
    values: new Map(),
    replyHeaders: [],
  };
  return rpc as unknown as Rpc;
}

const callers: readonly (readonly [
  name: string,
  address: string,
  agent: string,
  network: string,
  program: string | undefined,
])[] = [
  ['IPv4: its /24', '203.0.113.7', 'curl/8.5.0', '203.0.113.0/24', 'curl/8.5.0'],
  ['IPv4 as IPv6 has it', '::ffff:203.0.113.7', 'curl/8.5.0', '203.0.113.0/24', 'curl/8.5.0'],
  ['IPv6: its /64', '2001:db8:1:2:3:4:5:6', 'curl/8.5.0', '2001:db8:1:2::/64', 'curl/8.5.0'],
  ['a program and what else it says', '192.0.2.1', 'app/1.2 (joe@example.com)', '192.0.2.0/24', 'app/1.2'],
  [
    'a browser by its name',
    '192.0.2.1',
    'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    '192.0.2.0/24',
    'Firefox',
  ],
  ['no program', '192.0.2.1', '', '192.0.2.0/24', undefined],
  ['what is no name of a program', '192.0.2.1', '<script>alert(1)</script>', '192.0.2.0/24', undefined],
];

for (const [name, address, agent, network, program] of callers) {
  test(`callers: ${name}`, () => {
    const { now } = new Clock();
    const all = new Callers(now);
    all.count(rpcOf('a.B.C', address, agent), false);
    all.count(rpcOf('a.B.D', address, agent), true);
    assert.deepEqual(all.list(), [
      { subject: undefined, network, agent: program, protocol: 'rest', calls: 2, errors: 1, lastAt: now() },
    ]);
  });
}

test('callers: those who call most stay when there are too many, for an hour', () => {
  const clock = new Clock();
  const all = new Callers(clock.now);
  const often = rpcOf('a.B.C', '192.0.2.1', 'often/1');
  for (let call = 0; call < 10; call++) all.count(often, false);
  for (let other = 0; other < 5 * MAX_CALLERS; other++) all.count(rpcOf('a.B.C', '192.0.2.1', `once/${other}`), false);
  const list = all.list();
  assert.equal(list.length, MAX_CALLERS);
  assert.deepEqual([list[0]?.agent, list[0]?.calls], ['often/1', 10]);
  clock.time += WINDOW_MS;
  all.count(often, false);
  assert.equal(all.list()[0]?.calls, 11);
  clock.time += WINDOW_MS / 2;
  all.count(often, false);
  assert.deepEqual([all.list().length, all.list()[0]?.calls], [1, 2]);
});

const outcome = { durationMs: 1, upstreamMs: 1 } as RpcOutcome;
const failed = (message: string): StatusError => new StatusError(GrpcCode.NOT_FOUND, message);

test('examples: the last of each method and code, one a second, and the oldest go', () => {
  const clock = new Clock();
  const examples = new Examples(clock.now, true);
  examples.keep(rpcOf('a.B.C', '', ''), failed('first'), outcome);
  examples.keep(rpcOf('a.B.C', '', ''), failed('at once'), outcome);
  assert.deepEqual(
    examples.list().map(({ message }) => message),
    ['first'],
  );
  clock.time += 1_000;
  examples.keep(rpcOf('a.B.C', '', ''), failed('later'), outcome);
  assert.deepEqual(
    examples.list().map(({ message }) => message),
    ['later'],
  );
  for (let other = 0; other < MAX_EXAMPLES; other++)
    examples.keep(rpcOf(`a.B.C${other}`, '', ''), failed('x'), outcome);
  assert.equal(examples.list().length, MAX_EXAMPLES);
  assert.ok(!examples.list().some(({ method }) => method === 'a.B.C'));
});

const redactions: readonly (readonly [message: string, told: string])[] = [
  ['no book "Dune" in shelves/7: try later', 'no book … in … try later'],
  ["user 'joe' (joe@example.com) has no access", 'user … has no access'],
  ['token eyJhbGciOiJIUzI1NiJ9.e30.abc has expired', 'token … has expired'],
  ['the id 4711 is not known', 'the id … is not known'],
  ['`a` and “b” are not c', '… and … are not c'],
  ['an open "quote that never ends 7', 'an open …'],
  ['deadline exceeded', 'deadline exceeded'],
  ['Straße 7, Köln', '…'],
  [`${'a'.repeat(17)} is too long for a word`, '… is too long for a word'],
  ['', ''],
];

for (const [message, told] of redactions) test(`redaction: ${message}`, () => assert.equal(plainWords(message), told));

/** Bytes in use after a collection. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('memory: full of everything, it is what the documentation says', () => {
  const clock = new Clock();
  const before = usedBytes();
  const [steps, all, examples] = [new Steps(clock.now), new Callers(clock.now), new Examples(clock.now, true)];
  const perStep = 1_024;
  for (let step = 0; step < MAX_CELLS / perStep; step++, clock.time += STEP_MS) {
    for (let method = 0; method < perStep; method++) steps.cell(`library.v1.Library.Method${method}`);
  }
  assert.equal(steps.cellCount, MAX_CELLS);
  for (let slot = 0; slot < 8; slot++, clock.time += WINDOW_MS / 6) {
    for (let caller = 0; caller < 2 * MAX_CALLERS; caller++) {
      // What is told of an agent is a part of what it says.
      all.count(rpcOf('a.B.C', '192.0.2.1', `${caller}-an-agent-of-many-characters/1 ${'x'.repeat(10_000)}`), false);
    }
  }
  for (let other = 0; other < 2 * MAX_EXAMPLES; other++) {
    examples.keep(rpcOf(`a.B.C${other}`, '', ''), failed(`${other} ${'é'.repeat(10_000)}`), outcome);
  }
  const mebibytes = (usedBytes() - before) / 2 ** 20;
  assert.ok(mebibytes < 24, `${mebibytes} MiB`);
  // Until here they are in use.
  assert.deepEqual(
    [steps.cellCount, all.list().length, examples.list().length],
    [MAX_CELLS, MAX_CALLERS, MAX_EXAMPLES],
  );
});
