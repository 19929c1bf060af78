import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '../../../src/status/status-error.ts';
import { JsonSplitter } from '../../../src/transcode/split-json.ts';
import { splitText } from './split-text.ts';

const splits: readonly { readonly text: string; readonly values: readonly string[]; readonly isLines?: boolean }[] = [
  { text: '', values: [] },
  { text: ' \n', values: [] },
  { text: '[]', values: [] },
  { text: ' [ ] \n', values: [] },
  { text: '[{"a":1}, {"b":[2]}]', values: ['{"a":1}', '{"b":[2]}'] },
  { text: '[1,true ,null\n,"x"]', values: ['1', 'true', 'null', '"x"'] },
  { text: '[[1],[2]]', values: ['[1]', '[2]'] },
  { text: '["]",",","\\"","\\\\"]', values: ['"]"', '","', '"\\""', '"\\\\"'] },
  { text: '{"a":1}', values: ['{"a":1}'] },
  { text: '{"a":1}{"b":2}', values: ['{"a":1}', '{"b":2}'] },
  { text: '{"a":1}\n{"b":2}\n', values: ['{"a":1}', '{"b":2}'] },
  { text: '1 2\n3', values: ['1', '2', '3'] },
  { text: '[1]\n[2]\n', values: ['[1]', '[2]'], isLines: true },
];

for (const { text, values, isLines = false } of splits) {
  test(`${JSON.stringify(text)}${isLines ? ' in lines' : ''}`, () =>
    assert.deepEqual(splitText(text, [], isLines), values));
}

const faults: readonly (readonly [text: string, message: string])[] = [
  ['[{"a":1} {"b":2}]', '[1]: unexpected "{" (offset 9 of the body)'],
  ['[1,]', '[1]: unexpected "]" (offset 3 of the body)'],
  ['[,1]', '[0]: unexpected "," (offset 1 of the body)'],
  ['[1] 2', '[1]: unexpected "2" (offset 4 of the body)'],
  ['{"a":1},{"b":2}', '[1]: unexpected "," (offset 7 of the body)'],
  ['[{"a":1}', '[1]: the body ends without "]" (offset 8 of the body)'],
  ['[{"a":', '[0]: the body ends within it (offset 6 of the body)'],
  ['"abc', '[0]: the body ends within it (offset 4 of the body)'],
  ['[1', '[0]: the body ends within it (offset 2 of the body)'],
  ['}', '[0]: unexpected "}" (offset 0 of the body)'],
];

for (const [text, message] of faults) {
  test(`${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => splitText(text, [], false), { name: 'StatusError', message, httpStatus: 400 });
  });
}

test('a value over the limit is refused before it is whole', () => {
  const splitter = new JsonSplitter({ maxBytes: 8, isLines: false });
  assert.equal(splitter.push(Buffer.from('[1234567,')).length, 1);
  assert.throws(
    () => splitter.push(Buffer.from('"123456789')),
    (error) => error instanceof StatusError && error.httpStatus === 413 && error.message.startsWith('message 1 '),
  );
});
