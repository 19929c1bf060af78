// Hosts may freeze Object.prototype; a document with properties called like its members is still written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenApi } from '../../../src/openapi/create-openapi.ts';
import { downconvert } from '../../../src/openapi/downconvert.ts';
import { bindingsOf } from '../../openapi-documents.ts';

test('a frozen Object.prototype changes nothing', async () => {
  const { schema, bindings } = await bindingsOf(['test/protos/openapi/types.proto']);
  const write = () =>
    JSON.stringify(downconvert(createOpenApi({ bindings, schema, options: { title: 'frozen', version: '1' } })));
  const before = write();
  Object.freeze(Object.prototype);
  assert.equal(write(), before);
  assert.match(before, /"constructor":\{"type":"string"\}/);
});
