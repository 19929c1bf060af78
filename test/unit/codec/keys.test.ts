/** Keys of maps that are chosen to collide: what is done about them must find the same, in the same time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CodecError } from '../../../src/codec/codec-error.ts';
import { codecOf, toJson, toWire } from './fixture.ts';

const codec = codecOf();
const count = 8192;

/**
 * Different keys that have one hash, whatever its seed: pairs of words that differ in bit 30 of both. Words are counted from the length
 * before a key on its way in (two bytes), and from its quote on its way out.
 */
function collidingKeys(padding: string): string[] {
  return Array.from({ length: count }, (_, key) => {
    const pairs = Array.from({ length: 28 }, (_pair, bit) => ((key >> (bit % 13)) & 1 ? 'xxxayyya' : 'xxx!yyy!'));
    return padding + pairs.join('');
  });
}

const mapOf = (keys: readonly string[]): string => `{"byString":{${keys.map((key) => `"${key}":"v"`).join()}}}`;

/** The least of three, in microseconds. */
function cpuOf(run: () => unknown): number {
  const times = [1, 2, 3].map(() => {
    const begin = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(begin);
    return user + system;
  });
  return Math.min(...times);
}

for (const padding of ['zz', 'zzz']) {
  const keys = collidingKeys(padding);
  const json = mapOf(keys);

  test(`keys that collide behind ${padding} are told from each other`, () => {
    assert.equal(toJson(codec, 'All', toWire(codec, 'All', json)), json);
    for (const index of [0, 7, 40, 90, count - 1]) {
      const twice = mapOf([...keys, keys[index] as string]);
      assert.throws(
        () => toWire(codec, 'All', twice),
        (error) => error instanceof CodecError && error.message.includes('the key is given twice'),
      );
    }
  });

  test(`keys that collide behind ${padding} cost what others cost`, () => {
    const others = mapOf(keys.map((key, index) => String(index).padStart(key.length, 'z')));
    const [wire, otherWire] = [toWire(codec, 'All', json), toWire(codec, 'All', others)];
    // Compared one by one they would cost hundreds of times as much.
    const inwards = cpuOf(() => toWire(codec, 'All', json)) / cpuOf(() => toWire(codec, 'All', others));
    const outwards = cpuOf(() => toJson(codec, 'All', wire)) / cpuOf(() => toJson(codec, 'All', otherWire));
    assert.ok(inwards < 30 && outwards < 30, `${inwards} times in, ${outwards} times out`);
  });
}
