/**
 * The document is true: the gateway takes every request that is made from its own document, and its answers are what the
 * document says. Once with an upstream that answers values made from the document, once with the demo.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { startDemo } from '../../src/demo/start-demo.ts';
import type { TandemOptions } from '../../src/gateway/options.ts';
import { createOpenApi } from '../../src/openapi/create-openapi.ts';
import type { OpenApiDocument, ResponseObject } from '../../src/openapi/document.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { bindingsOf, documentOf } from '../openapi-documents.ts';
import { createMessages } from '../upstreams/messages.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';
import { type Answer, createAnswerCheck } from './answer-check.ts';
import { type ExampleRequest, exampleReply, exampleRequests, type Known, operationsOf } from './example-requests.ts';

const own = (name: string): string => `test/protos/openapi/${name}.proto`;
const imports = ['test/protos/openapi', 'protos'];

interface Case {
  readonly name: string;
  readonly protos: readonly string[];
  readonly transcoding?: TandemOptions['transcoding'];
  readonly pathStyle?: 'segments' | 'pattern';
}

const cases: readonly Case[] = [
  { name: 'every type', protos: [own('types')] },
  { name: 'every path', protos: [own('paths')] },
  { name: 'every path by its pattern', protos: [own('paths')], pathStyle: 'pattern' },
  { name: 'proto2', protos: [own('proto2')] },
  { name: 'streams and bytes', protos: [own('streams')] },
  { name: 'the options of google/api', protos: [own('google_options')] },
  { name: 'the example', protos: ['protos/example'] },
  { name: 'proto names', protos: [own('types')], transcoding: { json: { protoNames: true, enumsAsNumbers: true } } },
  { name: 'defaults', protos: [own('types')], transcoding: { json: { emitDefaults: true } } },
  { name: 'errors in an envelope', protos: [own('paths')], transcoding: { errors: 'google' } },
  { name: 'errors as problems', protos: [own('paths')], transcoding: { errors: 'problem' } },
  { name: 'streams in an envelope', protos: [own('streams')], transcoding: { streamEnvelope: true } },
  { name: 'no path in a body', protos: [own('types')], transcoding: { collision: 'reject' } },
];

for (const { name, protos, transcoding = {}, pathStyle = 'segments' } of cases) {
  describe(name, async () => {
    const upstream = await startScriptedUpstream();
    await scriptReplies(upstream, protos);
    const options = { ...listening(upstream.target), protos, imports, docs: { pathStyle }, transcoding };
    const server = await startServer(options);
    after(async () => {
      await server.close();
      await upstream.close();
    });
    const document = await servedDocument(server);
    const check = createAnswerCheck(document);
    for (const each of operationsOf(document)) {
      const { method, path, operation } = each;
      test(`${method} ${path}`, async () => {
        for (const request of exampleRequests(document, each)) {
          const answer = await send(server, request);
          assert.equal(answer.status, 200, `${request.name}: ${answer.body}`);
          assert.deepEqual(check(operation, answer), [], `${request.name}: ${answer.body}`);
          assert.equal(upstream.calls.at(-1)?.path, `/${operation['x-grpc-method']}`);
        }
      });
      test(`${method} ${path}, refused`, async () => {
        const [request] = exampleRequests(document, each);
        assert.ok(request);
        const answer = await send(server, { ...request, target: `${request.target.split('?')[0]}?no.such.field=1` });
        assert.equal(answer.status, 400);
        assert.deepEqual(check(operation, answer), [], answer.body);
      });
    }
  });
}

/** What the demo knows; other parameters are left to their schemas. */
const known: Known = (place, name) => {
  const values: Readonly<Record<string, unknown>> = {
    'path shelf': 'fiction',
    'path book': 'frankenstein',
    'path isbn': '9780141439471',
    'body isbn': '9780141439471',
    'body shelf': 'shelves/poetry',
    'body otherShelf': 'shelves/poetry',
    // The demo keeps what it is given, a note inside of a reference too.
    'body references': [],
    'query pageToken': '',
    'query shelfId': 'new-shelf',
    'query bookId': 'new-book',
    'query interval': '0.001s',
    'query failAfter': 1,
  };
  return values[`${place} ${name}`];
};

describe('the demo', async () => {
  for (const each of operationsOf(await documentOf(['protos/example']))) {
    test(`${each.method} ${each.path}`, async () => {
      const demo = await startDemo();
      const server = await startServer({ ...listening(demo.target), protos: ['protos'] });
      try {
        const document = await servedDocument(server);
        const check = createAnswerCheck(document);
        const statuses = new Set<number>();
        for (const request of exampleRequests(document, each, known)) {
          const answer = await send(server, request);
          assert.deepEqual(check(each.operation, answer), [], `${request.name}: ${answer.status} ${answer.body}`);
          statuses.add(answer.status);
        }
        // What a stream of requests names, the demo need not have.
        const isStream = each.operation['x-grpc-streaming'] === 'client';
        assert.ok(isStream || statuses.has(200), [...statuses].join(' '));
      } finally {
        await server.close();
        await demo.close();
      }
    });
  }
});

function listening(target: string): TandemOptions {
  return { listen: { port: 0 }, upstreams: [{ target }], observability: { logLevel: 'silent' } };
}

/** Every method answers full values of its reply type, as the document without `response_body` describes them. */
async function scriptReplies(upstream: ScriptedUpstream, protos: readonly string[]): Promise<void> {
  const { schema, bindings } = await bindingsOf(protos);
  const whole = bindings.map((binding) => ({ ...binding, responseBody: undefined }));
  const document = createOpenApi({ bindings: whole, schema, options: { title: '', version: '' } });
  const messages = createMessages(schema);
  for (const { operation } of operationsOf(document)) {
    const method = operation['x-grpc-method'];
    const { content = {} } = operation.responses['200'] as ResponseObject;
    const { schema: reply } = content['text/event-stream'] ?? content['application/json'] ?? { schema: undefined };
    const values = reply
      ? [0, 1, 2].map((choice) => exampleReply(document, reply, choice))
      : [{ contentType: 'text/plain', data: 'AP/+' }];
    const wire = values.map((value) => messages.toWire(messages.outputOf(method), value));
    const { 'x-grpc-streaming': streaming = 'client' } = operation;
    upstream.script(`/${method}`, { messages: streaming === 'client' ? wire.slice(0, 1) : wire });
  }
}

async function servedDocument({ url }: RunningServer): Promise<OpenApiDocument> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument;
}

async function send({ url }: RunningServer, { method, target, headers, body }: ExampleRequest): Promise<Answer> {
  const response = await fetch(url + target, { method, headers, ...(body !== undefined && { body }) });
  return {
    status: response.status,
    contentType: response.headers.get('content-type') ?? '',
    body: await response.text(),
  };
}
