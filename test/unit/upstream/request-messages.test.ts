import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestMessages } from '../../../src/upstream/request-messages.ts';

async function* numbers(count: number, size = 1): AsyncGenerator<Uint8Array> {
  for (let number = 0; number < count; number++) yield new Uint8Array(size).fill(number);
}

async function take(iterator: AsyncIterator<Uint8Array>, most = 100): Promise<unknown[]> {
  const taken: unknown[] = [];
  while (taken.length < most) {
    const { done, value } = await iterator.next();
    if (done) break;
    taken.push(value[0]);
  }
  return taken;
}

const rows: readonly (readonly [name: string, takenBefore: number])[] = [
  ['before any is taken', 0],
  ['in the middle', 2],
  ['at their end', 100],
];
for (const [name, takenBefore] of rows) {
  test(`sent again ${name}`, async () => {
    const messages = new RequestMessages(numbers(4));
    const first = messages[Symbol.asyncIterator]();
    await take(first, takenBefore);
    // One that nobody takes any more, and that must not be lost.
    const late = first.next();
    assert.ok(messages.canSendAgain);
    assert.deepEqual(await take(messages[Symbol.asyncIterator]()), [0, 1, 2, 3]);
    await late;
  });
}

test('settled while they are sent again', async () => {
  const messages = new RequestMessages(numbers(4));
  await take(messages[Symbol.asyncIterator](), 3);
  const again = messages[Symbol.asyncIterator]();
  await take(again, 1);
  messages.settle();
  assert.deepEqual(await take(again), [1, 2, 3]);
  assert.ok(!messages.canSendAgain);
});

test('more than is kept cannot be sent again', async () => {
  const messages = new RequestMessages(numbers(4, 30_000));
  const sending = messages[Symbol.asyncIterator]();
  await take(sending, 2);
  assert.ok(messages.canSendAgain);
  await take(sending, 1);
  assert.ok(!messages.canSendAgain);
  assert.deepEqual(await take(sending), [3]);
});

test('a source that fails, fails for whoever sends', async () => {
  const failing = async function* (): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(0);
    throw new Error('the client has gone');
  };
  const messages = new RequestMessages(failing());
  for (let times = 0; times < 2; times++) {
    const sending = messages[Symbol.asyncIterator]();
    assert.deepEqual(await take(sending, 1), [0]);
    await assert.rejects(sending.next(), /the client has gone/);
  }
});

test('left, the source ends', async () => {
  let isLeft = false;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* numbers(4);
    } finally {
      isLeft = true;
    }
  };
  const messages = new RequestMessages(source());
  await messages[Symbol.asyncIterator]().next();
  messages.leave();
  await new Promise(setImmediate);
  assert.ok(isLeft);
});
