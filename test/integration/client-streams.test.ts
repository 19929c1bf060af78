/** Streams of requests over one HTTP request: from JSON and from raw bytes, answered once or in step. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { demoProtos, startDemo } from '../../src/demo/start-demo.ts';
import { type RunningServer, startServer } from '../../src/server/start-server.ts';
import { createMessages, type Messages } from '../upstreams/messages.ts';
import { frame, messagesOf, type ScriptedUpstream, startScriptedUpstream } from '../upstreams/scripted-upstream.ts';

const listen = { host: '127.0.0.1', port: 0 };

/** Begins a request whose body is still to come. */
function begin(server: RunningServer, method: string, path: string, contentType: string): ClientRequest {
  const request = httpRequest(`${server.url}${path}`, { method, headers: { 'content-type': contentType } });
  // Sent now, so that the answer may begin before the body does.
  request.flushHeaders();
  return request;
}

async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('JSON', () => {
  let demo: Awaited<ReturnType<typeof startDemo>>;
  let server: RunningServer;
  before(async () => {
    demo = await startDemo();
    server = await startServer({ protos: [demoProtos()], upstreams: [demo.target], listen });
  });
  after(async () => {
    await server?.close();
    await demo.close();
  });

  const book = (id: string): unknown => ({ parent: 'shelves/poetry', bookId: id, book: { title: id } });
  const bodies: readonly (readonly [what: string, contentType: string, body: string, ids: readonly string[]])[] = [
    ['an array', 'application/json', JSON.stringify([book('a1'), book('a2')]), ['a1', 'a2']],
    ['one value', 'application/json', JSON.stringify(book('b1')), ['b1']],
    ['lines', 'application/x-ndjson', `${JSON.stringify(book('c1'))}\n${JSON.stringify(book('c2'))}\n`, ['c1', 'c2']],
    ['nothing', 'application/json', '', []],
  ];
  for (const [what, contentType, body, ids] of bodies) {
    test(`${what} becomes the messages of the stream`, async () => {
      const request = begin(server, 'POST', '/v1/books:import', contentType);
      // In two pieces that part a value.
      request.write(body.slice(0, 7));
      request.end(body.slice(7));
      const response = await responseTo(request);
      const names = ids.map((id) => `shelves/poetry/books/${id}`);
      assert.deepEqual(JSON.parse(await textOf(response)), names.length === 0 ? {} : { names });
      assert.equal(response.statusCode, 200);
    });
  }

  const faults: readonly (readonly [body: string, status: number, message: RegExp])[] = [
    ['[{"parent": 1}]', 400, /^\[0\]\.parent: /],
    ['[{}, {"nope": 1}]', 400, /^\[1\]\.nope: /],
    ['[{} {}]', 400, /^\[1\]: unexpected "\{" \(offset 4/],
    ['[{}', 400, /without "\]"/],
  ];
  for (const [body, status, message] of faults) {
    test(`${body} is refused`, async () => {
      const request = begin(server, 'POST', '/v1/books:import', 'application/json');
      request.end(body);
      const response = await responseTo(request);
      assert.equal(response.statusCode, status);
      assert.match(JSON.parse(await textOf(response)).message, message);
    });
  }

  test('a body that is neither JSON nor lines is refused', async () => {
    const request = begin(server, 'POST', '/v1/books:import', 'text/csv');
    request.end('a,b');
    assert.equal((await responseTo(request)).statusCode, 415);
  });

  test('a compressed body is refused', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const request = httpRequest(`${server.url}/v1/books:import`, { method: 'POST', headers });
    request.end('[]');
    assert.equal((await responseTo(request)).statusCode, 415);
  });

  test('questions and answers go in step over one request', async () => {
    const request = httpRequest(`${server.url}/v1/librarian:ask`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' },
    });
    request.write('{"text":"dune"}\n');
    const response = await responseTo(request);
    const answers = response[Symbol.asyncIterator]();
    for (const text of ['poems', 'nothing']) {
      const { value } = await answers.next();
      assert.ok(JSON.parse(String(value)), 'an answer before the next question');
      request.write(`${JSON.stringify({ text })}\n`);
    }
    assert.ok(JSON.parse(String((await answers.next()).value)));
    request.end();
    assert.equal((await answers.next()).done, true);
  });

  test('a broken question in mid-stream is told in the answer', async () => {
    const request = httpRequest(`${server.url}/v1/librarian:ask`, { method: 'POST' });
    request.write('{"text":"dune"}\n');
    const response = await responseTo(request);
    request.end('{"text":5}');
    const elements = JSON.parse(await textOf(response));
    assert.equal(response.statusCode, 200);
    assert.equal(elements.length, 2);
    assert.equal(elements[1].error.code, 3);
    assert.match(elements[1].error.message, /^\[1\]\.text: /);
  });
});

describe('raw bytes', () => {
  const put = '/test.uploads.Uploads/Put';
  let upstream: ScriptedUpstream;
  let server: RunningServer;
  let messages: Messages;
  before(async () => {
    upstream = await startScriptedUpstream();
    server = await startServer({
      protos: ['test/protos/uploads.proto'],
      upstreams: [upstream.target],
      limits: { streamIdle: '200ms' },
      listen,
    });
    messages = createMessages(server.gateway.generation.schema);
  });
  after(async () => {
    await server?.close();
    await upstream.close();
  });

  test('an upload arrives in pieces, what names it in the first', async () => {
    upstream.script(put, { messages: [messages.toWire('test.uploads.Receipt', { bytes: '6' })] });
    const request = begin(server, 'PUT', '/v1/files/a.txt', 'text/plain');
    await new Promise((sent) => request.write('abc', sent));
    request.end('def');
    assert.equal(await textOf(await responseTo(request)), '{"bytes":"6"}');
    const received = upstream.calls.at(-1)?.messages.map((each) => messages.toJson('test.uploads.File', each)) ?? [];
    const [first, ...more] = received as { name?: string; content: { contentType?: string; data: string } }[];
    assert.equal(first?.name, 'a.txt');
    assert.equal(first?.content.contentType, 'text/plain');
    assert.ok(first.content.data, 'no message for nothing');
    for (const piece of more) assert.deepEqual(Object.keys(piece.content), ['data']);
    assert.equal(
      Buffer.concat([first, ...more].map((piece) => Buffer.from(piece?.content.data ?? '', 'base64'))).toString(),
      'abcdef',
    );
  });

  test('an empty upload still says what it is', async () => {
    upstream.script(put, { messages: [new Uint8Array()] });
    const request = begin(server, 'PUT', '/v1/files/empty', 'text/plain');
    request.end();
    assert.equal((await responseTo(request)).statusCode, 200);
    const received = upstream.calls.at(-1)?.messages.map((each) => messages.toJson('test.uploads.File', each));
    assert.deepEqual(received, [{ name: 'empty', content: { contentType: 'text/plain' } }]);
  });

  test('a client that goes away cancels the call', async () => {
    const cancelled = new Promise<number | undefined>((resolve) => {
      upstream.script(put, { raw: (stream) => void stream.on('close', () => resolve(stream.rstCode)).resume() });
    });
    const request = begin(server, 'PUT', '/v1/files/a', 'text/plain');
    request.on('error', () => {});
    request.write('abc', () => setImmediate(() => request.destroy()));
    assert.equal(await cancelled, 8);
  });

  test('a call that ends before its request closes the connection', async () => {
    upstream.script('/test.uploads.Uploads/Echo', { isEarly: true, messages: [] });
    const request = begin(server, 'POST', '/v1/echo', 'text/plain');
    request.on('error', () => {});
    request.write('abc');
    const response = await responseTo(request);
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers.connection, 'close');
    assert.equal(await textOf(response), '');
    if (!response.socket.closed) await once(response.socket, 'close');
  });

  test('a client that falls silent is not waited for', async () => {
    upstream.script(put, { raw: (stream) => void stream.resume() });
    const request = begin(server, 'PUT', '/v1/files/a', 'text/plain');
    request.write('abc');
    const response = await responseTo(request);
    assert.equal(response.statusCode, 504);
    assert.match(await textOf(response), /nothing moved in the stream for 0.2 s/);
    request.destroy();
  });

  test('bytes come back while they go in', async () => {
    upstream.script('/test.uploads.Uploads/Echo', {
      raw: async (stream) => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        for await (const message of messagesOf(stream)) stream.write(frame(message));
        stream.end();
      },
    });
    const request = httpRequest(`${server.url}/v1/echo`, { method: 'POST', headers: { 'content-type': 'image/png' } });
    request.write('abc');
    const response = await responseTo(request);
    assert.equal(response.headers['content-type'], 'image/png');
    const pieces = response[Symbol.asyncIterator]();
    assert.equal(String((await pieces.next()).value), 'abc');
    request.end('def');
    assert.equal(String((await pieces.next()).value), 'def');
    assert.equal((await pieces.next()).done, true);
  });
});
