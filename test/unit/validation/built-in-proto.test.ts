/** The copy of buf/validate/validate.proto that is found without --import declares all that the library knows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { file_buf_validate_validate as known } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { loadSchema } from '../../../src/schema/load-schema.ts';

test('buf/validate/validate.proto has every option of the library', async () => {
  const { schema } = await loadSchema({ protos: ['test/protos/validation.proto'] });
  for (const { typeName, fields } of known.messages) {
    const own = schema.messages.get(typeName)?.fields.map(({ name, number, isRepeated }) => [number, name, isRepeated]);
    const wanted = fields.map(({ name, number, fieldKind }) => [number, name, fieldKind === 'list']);
    assert.deepEqual(
      new Map(own?.map((field) => [field[0], field])),
      new Map(wanted.map((field) => [field[0], field])),
    );
  }
  for (const { typeName, values } of known.enums) {
    const own = schema.enums.get(typeName)?.values.map(({ name, number }) => [name, number]);
    assert.deepEqual(
      own,
      values.map(({ name, number }) => [name, number]),
    );
  }
});
