/** The typed client: compiled as its users would compile it, and called against the example. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createClient } from '../../src/client/create-client.ts';
import { demoProtos, startDemo } from '../../src/demo/start-demo.ts';
import { createGateway, type TandemOptions } from '../../src/index.ts';
import { startServer } from '../../src/server/start-server.ts';

const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess', '--noUnusedLocals'];
const modules = ['--target', 'es2022', '--module', 'nodenext', '--rewriteRelativeImportExtensions'];
const platform = ['--lib', 'es2023,dom,dom.iterable', '--types', ''];

/** Inside the checkout, where the compiler is; removed after the test. */
function makeFolder(t: TestContext): string {
  mkdirSync('.cache', { recursive: true });
  const folder = mkdtempSync(join('.cache', 'client-'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function clientOf(options: TandemOptions): Promise<string> {
  const gateway = await createGateway(options);
  await gateway.close();
  const { table } = gateway.generation;
  return createClient(table.bindings, gateway.generation.options.transcoding.json);
}

/** Fails with what the compiler says. */
function compile(folder: string, ...files: readonly string[]): void {
  const paths = files.map((file) => join(folder, file));
  try {
    const args = ['--ignoreConfig', '--outDir', folder, ...strict, ...modules, ...platform, ...paths];
    execFileSync(resolve('node_modules', '.bin', 'tsc'), args);
  } catch (error) {
    assert.fail(String((error as { readonly stdout?: Buffer }).stdout));
  }
}

test('every kind of call against the example', async (t) => {
  const folder = makeFolder(t);
  writeFileSync(join(folder, 'client.ts'), await clientOf({ protos: [demoProtos()] }));
  copyFileSync(join('test', 'fixtures', 'client', 'use.ts'), join(folder, 'use.ts'));
  compile(folder, 'client.ts', 'use.ts');
  const demo = await startDemo();
  const server = await startServer({ listen: { port: 0 }, protos: [demoProtos()], upstreams: [demo.target] });
  t.after(async () => {
    await server.close();
    await demo.close();
  });
  const { use } = await import(pathToFileURL(resolve(folder, 'use.js')).href);
  const { books, shelf, answers, imported, ...seen } = await use(server.url);
  assert.equal(shelf.name, 'shelves/space');
  assert.deepEqual(
    books.map(({ name, title, copiesSold }: Record<string, unknown>) => [name, title, copiesSold]),
    [
      ['shelves/space/books/dune', 'Dune & Co', '9007199254740993'],
      ['shelves/space/books/odyssey', '2001', '9007199254740993'],
    ],
  );
  assert.equal(answers, 2);
  assert.deepEqual(Object.values(imported)[0], ['shelves/space/books/book-1', 'shelves/space/books/book-2']);
  assert.deepEqual(seen, {
    hello: { message: 'Hello a/b ü' },
    list: ['shelves/space/books/dune'],
    updated: '9007199254740993',
    tags: ['a', 'b'],
    covered: 'shelves/space/books/dune',
    cover: ['image/png', 'PNG'],
    streamed: ['Dune & Co', '2001'],
    textLength: true,
    missing: ['NOT_FOUND', 404, 'Book "shelves/space/books/none" does not exist', 1],
    unset: 'TypeError: name is part of the path; set it',
    late: 'DEADLINE_EXCEEDED',
    deleted: {},
    targets: ['POST /v1/shelves?shelfId=space', 'POST /v1/shelves/space/books?bookId=dune'],
  });
});

test('hard names: types called as the platform’s, members that are no identifiers, proto names', async (t) => {
  const folder = makeFolder(t);
  const protos = ['test/protos/client-names.proto'];
  const text = await clientOf({ protos, transcoding: { json: { protoNames: true, enumsAsNumbers: true } } });
  writeFileSync(join(folder, 'client.ts'), text);
  compile(folder, 'client.ts');
  for (const part of ['interface Response_ {', 'readonly snake_case?: Kind', 'export type Kind = 0 | 1 | number']) {
    assert.ok(text.includes(part) || text.includes(part.replace(/"/g, '')), `${part} is missing in\n${text}`);
  }
});
