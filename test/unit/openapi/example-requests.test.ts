// The requests that the integration test makes from a document are requests that the document allows.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createAnswerCheck } from '../../integration/answer-check.ts';
import { exampleRequests, operationsOf } from '../../integration/example-requests.ts';
import { documentOf } from '../../openapi-documents.ts';

for (const source of ['protos/example', 'test/protos/openapi/types.proto', 'test/protos/openapi/streams.proto']) {
  describe(`requests for ${source}`, async () => {
    const document = await documentOf([source]);
    const check = createAnswerCheck(document, 'readOnly');
    for (const each of operationsOf(document)) {
      test(`${each.method} ${each.path}`, () => {
        const requests = [...exampleRequests(document, each)];
        assert.ok(requests.length > 0);
        for (const { name, body, headers, target } of requests) {
          assert.doesNotMatch(target, /[{}]/);
          const content = each.operation.requestBody?.content;
          const isForm = headers['content-type']?.startsWith('multipart/');
          if (body === undefined || content === undefined || isForm) continue;
          // The body, as if it were an answer of that type.
          const operation = { ...each.operation, responses: { 200: { description: '', content } } };
          assert.deepEqual(
            check(operation, { status: 200, contentType: headers['content-type'] ?? '', body }),
            [],
            name,
          );
        }
      });
    }
  });
}

const answers: readonly (readonly [
  name: string,
  status: number,
  type: string,
  body: string,
  problems: readonly string[],
])[] = [
  ['what is promised', 200, 'application/json; charset=utf-8', '{"message":"Hello"}', []],
  ['an error', 404, 'application/json', '{"code":5,"message":"gone","details":[{"@type":"x","a":1}]}', []],
  ['another type', 200, 'application/json', '{"message":7}', ['/message must be string']],
  ['a property too many', 200, 'application/json', '{"more":1}', [' must NOT have additional properties']],
  ['another content type', 200, 'text/plain', 'Hello', ['200 text/plain is not in the document']],
];
describe('answers', async () => {
  const document = await documentOf(['protos/example/greeter.proto']);
  const [first] = operationsOf(document);
  for (const [name, status, contentType, body, problems] of answers) {
    test(name, () => {
      assert.ok(first !== undefined);
      assert.deepEqual(createAnswerCheck(document)(first.operation, { status, contentType, body }), problems);
    });
  }
});
