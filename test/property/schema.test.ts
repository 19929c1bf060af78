/** Whatever bytes or text come in, they end in a schema that can be read to the last option, or in a SchemaError. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import type { Schema } from '../../src/schema/descriptors.ts';
import { loadSchema, schemaFromDescriptorSet } from '../../src/schema/load-schema.ts';
import { SchemaError } from '../../src/schema/problem.ts';
import { snapshot } from '../unit/schema/snapshot.ts';

const scratch = mkdtempSync(join(tmpdir(), 'tandem-'));
after(() => rmSync(scratch, { recursive: true }));

/** Edits of a sequence: at a place (0 to 1 of its length) some items go and others come. */
const edits = <T>(item: fc.Arbitrary<T>) =>
  fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      remove: fc.nat(3),
      insert: fc.array(item, { maxLength: 4 }),
    }),
    { maxLength: 4 },
  );

async function readsOrRefuses(load: () => Schema | Promise<Schema>): Promise<void> {
  try {
    snapshot(await load(), () => true);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
  }
}

for (const file of ['protoc.binpb', 'buf.binpb']) {
  test(`damaged descriptor sets: ${file}`, () => {
    const bytes = readFileSync(`test/fixtures/schema/${file}`);
    return fc.assert(
      fc.asyncProperty(edits(fc.integer({ min: 0, max: 255 })), (changes) => {
        const damaged = [...bytes];
        for (const { at, remove, insert } of changes)
          damaged.splice(Math.floor(at * damaged.length), remove, ...insert);
        return readsOrRefuses(() => schemaFromDescriptorSet(Uint8Array.from(damaged)));
      }),
      { numRuns: 100 },
    );
  });
}

const token = fc.constantFrom(
  ...[
    'message',
    'enum',
    'option',
    'oneof',
    'map',
    'group',
    'extend',
    'reserved',
    'rpc',
    'import',
    'optional',
    'string',
  ],
  ...[
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '<',
    '>',
    '=',
    ';',
    ',',
    '.',
    '-',
    '"',
    "'",
    '//',
    '/*',
    '*/',
    '#',
    '\\',
    '\n',
    ' ',
  ],
  ...['M', '__proto__', '0', '1', '999999999999', '0x', '1e9', '1.5', '\u0000', 'é', '\ud800'],
);

for (const file of ['marks.proto', 'kitchen.proto', 'legacy.proto', 'modern.proto']) {
  test(`damaged proto text: ${file}`, () => {
    const words = readFileSync(`test/protos/schema/${file}`, 'utf8').split(/(\b|\s)/);
    return fc.assert(
      fc.asyncProperty(edits(token), (changes) => {
        const damaged = [...words];
        for (const { at, remove, insert } of changes)
          damaged.splice(Math.floor(at * damaged.length), remove, ...insert);
        const path = join(scratch, file);
        writeFileSync(path, damaged.join(''));
        return readsOrRefuses(
          async () => (await loadSchema({ protos: [path], imports: ['test/protos/schema'] })).schema,
        );
      }),
      { numRuns: 100 },
    );
  });
}
