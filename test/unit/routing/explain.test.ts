import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainMatch } from '../../../src/routing/explain.ts';
import { createRouteTable } from '../../../src/routing/route-table.ts';
import { bindingsOf, ruleOf } from './fixture.ts';

const rules = [
  'GET /v1/shelves',
  'GET /v1/shelves/{id}',
  'GET /v1/shelves/list',
  'POST /v1/shelves/{id}:merge',
  'GET /v1/shelves/{id}/books/{book}',
  'GET /v1/files/{path=**}',
  '* /v1/any/{x}',
  'PUT /v1/any/{x}',
  'GET /',
];

const cases: readonly { readonly request: string; readonly reason: string; readonly nearMisses: readonly string[] }[] =
  [
    {
      request: 'GET /v1/shelves/list',
      reason: 'the path fits /v1/shelves/list',
      nearMisses: [
        'GET /v1/shelves/{id}: less specific in segment 3: *',
        'POST /v1/shelves/{id}:merge: the verb ":merge" is missing',
        'GET /v1/shelves/{id}/books/{book}: the path ends before segment 4, "books"',
        'GET /v1/shelves: the path goes on after segment 2',
        'GET /v1/files/{path=**}: segment 2 is "shelves", not "files"',
      ],
    },
    {
      request: 'GET /v1/shelves/7:sort',
      reason: 'the path fits /v1/shelves/{id}; ":sort" is no verb here, so that the colon is part of the value',
      nearMisses: [
        'POST /v1/shelves/{id}:merge: the verb ":merge" is missing',
        'GET /v1/shelves/{id}/books/{book}: the path ends before segment 4, "books"',
        'GET /v1/shelves: the path goes on after segment 2',
        'GET /v1/shelves/list: segment 3 is "7:sort", not "list"',
        'GET /v1/files/{path=**}: segment 2 is "shelves", not "files"',
      ],
    },
    {
      request: 'GET /v1/shelves/7:merge',
      reason: 'this path is there, but not for GET',
      nearMisses: [
        'GET /v1/shelves/{id}: what follows the colon is the verb of another rule',
        'POST /v1/shelves/{id}:merge: its method is POST',
        'GET /v1/shelves/{id}/books/{book}: the path ends before segment 4, "books"',
        'GET /v1/shelves: the path goes on after segment 2',
        'GET /v1/shelves/list: segment 3 is "7:merge", not "list"',
      ],
    },
    {
      request: 'HEAD /v1/any/1',
      reason: 'the path fits /v1/any/{x}; it takes any method',
      nearMisses: [
        'PUT /v1/any/{x}: its method is PUT',
        'GET /v1/shelves: segment 2 is "any", not "shelves"',
        'GET /v1/shelves/{id}: segment 2 is "any", not "shelves"',
        'GET /v1/shelves/list: segment 2 is "any", not "shelves"',
        'POST /v1/shelves/{id}:merge: segment 2 is "any", not "shelves"',
      ],
    },
    {
      request: 'PUT /v1/any/1',
      reason: 'the path fits /v1/any/{x}',
      nearMisses: [
        '* /v1/any/{x}: a rule that names the method is preferred',
        'GET /v1/shelves: segment 2 is "any", not "shelves"',
        'GET /v1/shelves/{id}: segment 2 is "any", not "shelves"',
        'GET /v1/shelves/list: segment 2 is "any", not "shelves"',
        'POST /v1/shelves/{id}:merge: segment 2 is "any", not "shelves"',
      ],
    },
    {
      request: 'GET /v1/shelves/',
      reason: 'no rule has this path',
      nearMisses: [
        'GET /v1/shelves: the path has a slash behind segment 2',
        'GET /v1/shelves/{id}: segment 3 is empty, not *',
        'GET /v1/shelves/list: segment 3 is empty, not "list"',
        'POST /v1/shelves/{id}:merge: segment 3 is empty, not *',
        'GET /v1/shelves/{id}/books/{book}: segment 3 is empty, not *',
      ],
    },
    {
      request: 'HEAD /v1/files',
      reason: 'the path fits /v1/files/{path=**}; HEAD is served from GET',
      nearMisses: [
        'GET /v1/shelves: segment 2 is "files", not "shelves"',
        'GET /v1/shelves/{id}: segment 2 is "files", not "shelves"',
        'GET /v1/shelves/list: segment 2 is "files", not "shelves"',
        'POST /v1/shelves/{id}:merge: segment 2 is "files", not "shelves"',
        'GET /v1/shelves/{id}/books/{book}: segment 2 is "files", not "shelves"',
      ],
    },
    {
      request: 'GET /v1/shelves/%zz/books/1',
      reason: 'a rule has this path, but id: malformed percent-encoding "%zz"',
      nearMisses: [
        'GET /v1/shelves/{id}/books/{book}: it has this path',
        'GET /v1/shelves/{id}: the path goes on after segment 3',
        'POST /v1/shelves/{id}:merge: the path goes on after segment 3',
        'GET /v1/shelves: the path goes on after segment 2',
        'GET /v1/shelves/list: segment 3 is "%zz", not "list"',
      ],
    },
    {
      request: 'OPTIONS /',
      reason: 'no rule has OPTIONS, which is answered with the methods of this path',
      nearMisses: ['GET /: its method is GET'],
    },
  ];

const { table } = createRouteTable(bindingsOf(rules));

for (const { request, reason, nearMisses } of cases) {
  test(`${request}: ${reason}`, () => {
    const [method = '', path = ''] = request.split(' ');
    const explanation = explainMatch(table, method, path);
    assert.equal(explanation.reason, reason);
    assert.deepEqual(
      explanation.nearMisses.map((miss) => `${ruleOf(miss.binding)}: ${miss.reason}`),
      nearMisses,
    );
  });
}

test('the outcome is the table’s', () => {
  assert.deepEqual(explainMatch(table, 'GET', '/v1/shelves/7').outcome, table.match('GET', '/v1/shelves/7'));
});

test('a rule that gave way to a more specific one says where', () => {
  const { nearMisses } = explainMatch(createRouteTable(bindingsOf(['GET /a/{x}', 'GET /a/**'])).table, 'GET', '/a/1');
  assert.deepEqual(
    nearMisses.map((miss) => `${ruleOf(miss.binding)}: ${miss.reason}`),
    ['GET /a/**: less specific in segment 2: **'],
  );
});
