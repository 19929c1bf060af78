import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeSegment, decodeSegments, type ReservedExpansion } from '../../../src/routing/decode.ts';
import { GrpcCode } from '../../../src/status/code.ts';
import { StatusError } from '../../../src/status/status-error.ts';

const reserved = '%21%23%24%26%27%28%29%2A%2B%2C%2F%3A%3B%3D%3F%40%5B%5D';

const decoded: readonly (readonly [raw: string, mode: 'segment' | ReservedExpansion, text: string])[] = [
  ['plain', 'segment', 'plain'],
  ['', 'segment', ''],
  ['a%2Fb%2fc', 'segment', 'a/b/c'],
  ['a+b', 'segment', 'a+b'],
  ['100%25', 'segment', '100%'],
  ['%252F', 'segment', '%2F'],
  ['%E4%B8%96', 'segment', '世'],
  ['%00', 'segment', '\0'],
  [reserved, 'segment', "!#$&'()*+,/:;=?@[]"],
  ['a/b', 'spec', 'a/b'],
  ['a%20b/c%2Fd%2fe', 'spec', 'a b/c%2Fd%2fe'],
  ['%2F', 'spec', '%2F'],
  ['%252F', 'spec', '%2F'],
  [reserved, 'spec', "!#$&'()*+,%2F:;=?@[]"],
  [`${reserved}%20%41%25`, 'keepReserved', `${reserved} A%`],
  ['%3a%3A', 'keepReserved', '%3a%3A'],
  ['a%2Fb%3Ac', 'all', 'a/b:c'],
];

function decode(raw: string, mode: 'segment' | ReservedExpansion): string {
  return mode === 'segment' ? decodeSegment(raw, 'name') : decodeSegments(raw, 'name', mode);
}

for (const [raw, mode, text] of decoded) {
  test(`${raw} by ${mode} is ${JSON.stringify(text)}`, () => assert.equal(decode(raw, mode), text));
}

const notUtf8 = 'the percent-encoded bytes are not UTF-8';
const all = ['segment', 'spec', 'keepReserved', 'all'] as const;
const refused: readonly (readonly [raw: string, description: string, modes?: readonly (typeof all)[number][]])[] = [
  ['a%zzb', 'malformed percent-encoding "%zz"'],
  ['50%', 'malformed percent-encoding "%"'],
  ['%4', 'malformed percent-encoding "%4"'],
  ['%2%2F', 'malformed percent-encoding "%2%"', ['segment', 'all']],
  ['%2%2F', 'malformed percent-encoding "%2"', ['spec', 'keepReserved']],
  ['%C3%28', notUtf8],
  ['%FF', notUtf8],
  ['%C0%AF', notUtf8],
  ['%ED%A0%80', notUtf8],
];

for (const [raw, description, modes = all] of refused) {
  for (const mode of modes) {
    test(`${raw} by ${mode} is refused`, () => {
      assert.throws(
        () => decode(raw, mode),
        (error) => {
          assert.ok(error instanceof StatusError);
          assert.equal(error.code, GrpcCode.INVALID_ARGUMENT);
          assert.deepEqual(error.violations, [{ field: 'name', description }]);
          return true;
        },
      );
    });
  }
}
