import assert from 'node:assert/strict';
import { test } from 'node:test';
import { framingOf } from '../../../src/transcode/stream-framing.ts';
import { defaults } from './options.ts';

const rows: readonly (readonly [name: string, lastEventId: string | undefined, ids: readonly number[]])[] = [
  ['ids begin at 1', undefined, [1, 2]],
  ['ids go on behind those that the client has', '41', [42, 43]],
  ['an id of another kind is left to the upstream', 'page-7', [1, 2]],
  ['a number that no double holds exactly is another kind', '9007199254740993', [1, 2]],
];
for (const [name, lastEventId, ids] of rows) {
  test(name, () => {
    const headers = { accept: 'text/event-stream', 'last-event-id': lastEventId };
    const framing = framingOf(
      headers,
      { alt: undefined, prettyPrint: undefined, fields: undefined, key: undefined },
      defaults,
    );
    const events = ids.map((_id, index) => Buffer.concat(framing.message(Buffer.from('{}'), index)).toString());
    assert.deepEqual(
      events,
      ids.map((id) => `id: ${id}\ndata: {}\n\n`),
    );
  });
}
