/** One document for each package and service: each binding is in one of them, and no document depends on the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDocuments } from '../../../src/openapi/documents.ts';
import { operationsOf } from '../../integration/example-requests.ts';
import { bindingsOf } from '../../openapi-documents.ts';
import { facts } from '../../openapi-facts.ts';

const protos = ['paths', 'types', 'proto2', 'streams'].map((name) => `test/protos/openapi/${name}.proto`);
const options = { version: '1.0.0' };
const { schema, bindings } = await bindingsOf([...protos, 'protos/example']);
const documents = createDocuments({ bindings, schema, options });
const units = {
  package: ({ method }: (typeof bindings)[number]) => method.file.package,
  service: ({ method }: (typeof bindings)[number]) => method.service.fullName,
} as const;

for (const unit of ['package', 'service'] as const) {
  for (const name of documents.names(unit)) {
    test(`${unit} ${name}: its bindings, and the facts of every document`, () => {
      const own = bindings.filter((binding) => units[unit](binding) === name);
      const document = documents.of(name);
      assert.ok(document !== undefined && own.length > 0);
      assert.equal(document.info.title, name);
      for (const [, check] of facts) check(document, own);
    });
  }
  test(`a ${unit}'s document does not depend on others`, () => {
    for (const name of documents.names(unit)) {
      const own = bindings.filter((binding) => units[unit](binding) === name);
      assert.deepEqual(createDocuments({ bindings: own, schema, options }).of(name), documents.of(name));
    }
  });
}

test('a document is made once while it is in use', () => {
  const [first = ''] = documents.names('service');
  assert.equal(documents.of(first), documents.of(first));
  assert.equal(documents.whole(), documents.whole());
});

test('operationIds of a service are those of its package', () => {
  const idsOf = (name: string) => operationsOf(documents.of(name) ?? documents.whole());
  const ofServices = documents.names('service').flatMap((name) => idsOf(name).map(({ operation }) => operation));
  const ofPackages = documents.names('package').flatMap((name) => idsOf(name).map(({ operation }) => operation));
  const text = (all: typeof ofServices) => all.map((each) => `${each['x-grpc-method']} ${each.operationId}`).sort();
  assert.deepEqual(text(ofServices), text(ofPackages));
});

test('the index has each operation with the id of its service document', () => {
  const { operations, services } = documents.index();
  for (const { name, count } of services) {
    const ids = operationsOf(documents.of(name) ?? documents.whole()).map(({ operation }) => operation.operationId);
    const own = operations.filter(({ service }) => service === name);
    assert.equal(own.length, count);
    assert.deepEqual(
      own.map(({ id }) => id).filter((id) => !ids.includes(id)),
      [],
    );
  }
  assert.equal(operations.length, bindings.length);
});

test('there is none of another name', () => assert.equal(documents.of('no.such.v1'), undefined));
