// What browsers have for streams, against the demo: EventSource, WebSocket, and a form with a file. By `npm run browser`.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTandem } from '../../scripts/start-process.mjs';
import { launch, skip } from './chromium.mjs';

let tandem;
let browser;
let page;

before(async () => {
  if (skip) return;
  tandem = await startTandem(['--demo']);
  browser = await launch();
  page = await browser.newPage();
  // Any page of the gateway's own: scripts in it are of the same origin.
  await page.goto(`${tandem.url}/healthz`);
});

after(async () => {
  await browser?.close();
  await tandem?.stop();
});

test('EventSource', { skip }, async () => {
  const event = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const source = new EventSource('/v1/shelves/poetry/books:stream');
        source.onmessage = ({ data, lastEventId }) => {
          source.close();
          resolve({ title: JSON.parse(data).title, lastEventId });
        };
      }),
  );
  assert.deepEqual(event, { title: 'Leaves of Grass', lastEventId: '1' });
});

test('WebSocket, with a token', { skip }, async () => {
  const session = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const socket = new WebSocket('/v1/librarian:ask', ['bearer', 'a.b-c']);
        const questions = [];
        socket.onopen = () => socket.send('{"text":"dune"}');
        socket.onmessage = ({ data }) => {
          questions.push(JSON.parse(data).question);
          socket.send(questions.length < 3 ? `{"text":"${questions.length}"}` : '');
        };
        socket.onclose = ({ code, wasClean }) => resolve({ code, wasClean, protocol: socket.protocol, questions });
      }),
  );
  assert.deepEqual(session, { code: 1000, wasClean: true, protocol: 'bearer', questions: ['dune', '1', '2'] });
});

test('WebSocket, with an error', { skip }, async () => {
  const session = await page.evaluate(
    () =>
      new Promise((resolve) => {
        const socket = new WebSocket('/v1/shelves/none/books:stream');
        const frames = [];
        socket.onmessage = ({ data }) => frames.push(JSON.parse(data));
        socket.onclose = ({ code, reason }) => resolve({ code, isSame: frames[0]?.error.message === reason });
      }),
  );
  assert.deepEqual(session, { code: 4005, isSame: true });
});

test('a form with a file', { skip }, async () => {
  const cover = await page.evaluate(async () => {
    const form = new FormData();
    form.set('cover', new File([Uint8Array.of(0, 1, 255)], 'cover.png', { type: 'image/png' }));
    const path = '/v1/shelves/poetry/books/leaves-of-grass/cover';
    const { status } = await fetch(path, { method: 'PUT', body: form });
    const range = await fetch(path, { headers: { range: 'bytes=1-' } });
    const bytes = [...new Uint8Array(await range.arrayBuffer())];
    return { put: status, status: range.status, type: range.headers.get('content-type'), bytes };
  });
  assert.deepEqual(cover, { put: 200, status: 206, type: 'image/png', bytes: [1, 255] });
});
