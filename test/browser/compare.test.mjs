// The page that compares protocols, in a real browser: every view against the example.
//
//     npm run build && node --test test/browser/compare.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { startTandem } from '../../scripts/start-process.mjs';
import { upstreams } from '../interop/upstreams.mjs';
import { skip } from './chromium.mjs';
import { callOf, openCompare } from './compare-page.mjs';
import { findingsOf, useGateway } from './gateway-pages.mjs';

const book = { name: 'shelves/fiction/books/frankenstein' };
const gateway = useGateway();

const openPage = (how) => openCompare(gateway, how);

test('one call over all protocols: the same answer, bytes with their fields, frames', { skip }, async () => {
  const { page, complaints } = await openPage({ call: callOf('Library.GetBook', book) });
  await page.getByRole('button', { name: 'Call it' }).click();
  await page.getByText('The same answer over all 5.').waitFor();
  await page.getByText('From this browser, by fetch').first().waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  const parts = page.locator('details.protocol');
  assert.equal(await parts.count(), 5);
  const grpc = parts.nth(1);
  await grpc.locator('summary').first().click();
  const title = grpc.locator('.fields [data-path="title"]').first();
  await title.hover();
  const lit = await grpc.locator('.lit').allTextContents();
  assert.ok(
    lit.some((text) => text.startsWith('12 0c')),
    String(lit),
  );
  assert.ok(
    lit.some((text) => text.includes('46 72 61 6e')),
    String(lit),
  );
  assert.ok(lit.includes('"Frankenstein"'), String(lit));
  assert.match((await grpc.getByRole('table', { name: 'HTTP/2 frames' }).textContent()) ?? '', /HEADERS.*END_HEADERS/s);
  assert.deepEqual(complaints, []);
});

test('a wrong field is marked before anything is sent', { skip }, async () => {
  const { page, complaints } = await openPage({ call: callOf('Library.ListBooks', { parent: 'shelves/fiction' }) });
  const sent = [];
  page.on('request', (request) => sent.push(new URL(request.url()).pathname));
  const size = page.getByLabel('pageSize');
  await size.fill('many');
  await page.getByRole('button', { name: 'Call it' }).click();
  await page.locator('#form [aria-invalid]').waitFor();
  assert.equal(await size.getAttribute('aria-invalid'), 'true');
  assert.equal(await size.evaluate((control) => control === document.activeElement), true);
  assert.ok(!sent.includes('/compare/api/compare'), String(sent));
  await size.fill('2');
  await page.getByRole('button', { name: 'Call it' }).click();
  await page.getByText('The same answer over all 5.').waitFor();
  assert.deepEqual(complaints, []);
});

test('a method is found by words and keys, and the address holds the call', { skip }, async () => {
  const { page, complaints } = await openPage();
  const method = page.getByRole('combobox', { name: 'Method' });
  await method.focus();
  await page.keyboard.type('shelves books get unary');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  const name = await method.inputValue();
  assert.match(name, /Library\./);
  await page.waitForFunction((wanted) => location.hash.startsWith(`#${wanted}`), name);
  const { page: again } = await openPage({ call: new URL(page.url()).hash });
  assert.equal(await again.getByRole('combobox', { name: 'Method' }).inputValue(), name);
  assert.equal(await again.locator('#json').inputValue(), await page.locator('#json').inputValue());
  assert.deepEqual(complaints, []);
});

test('what comes from outside is text', { skip }, async () => {
  const name = '<img src=x onerror=alert(1)>';
  const { page, complaints } = await openPage({ call: callOf('Greeter.SayHello', { name }) });
  await page.getByRole('button', { name: 'Call it' }).click();
  await page.getByText('The same answer over all 5.').waitFor();
  assert.equal(await page.locator('img').count(), 0);
  assert.deepEqual(complaints, []);
});

test('another site can neither ask nor frame', { skip }, async () => {
  const url = `${gateway.url}/compare/api/methods`;
  const statusOf = async (headers) => (await fetch(url, { headers })).status;
  assert.equal(await statusOf({ origin: 'https://evil.example' }), 403);
  assert.equal(await statusOf({ 'sec-fetch-site': 'cross-site' }), 403);
  assert.equal(await statusOf({}), 200);
  const policy = (await fetch(`${gateway.url}/compare`)).headers.get('content-security-policy') ?? '';
  assert.match(policy, /default-src 'none'.*frame-ancestors 'self'.*script-src 'self'/);
});

test('each operation of /docs leads here', { skip }, async () => {
  const { page } = await openPage();
  await page.goto(`${gateway.url}/docs`);
  const block = page.locator('.opblock-get').filter({ has: page.locator('[data-path="/v1/greeter/{name}"]') });
  await block.locator('.opblock-summary-control').click();
  const href = await block.getByRole('link', { name: 'Compare REST and gRPC' }).getAttribute('href');
  await page.goto(`${gateway.url}${href}`);
  await page.locator('#form .field').first().waitFor();
  assert.equal(await page.getByRole('combobox', { name: 'Method' }).inputValue(), 'example.Greeter.SayHello');
});

test('many calls: figures, plots, reports to keep; and stopped, what is there counts', { skip }, async () => {
  const { page, complaints } = await openPage({ call: callOf('Library.GetBook', book, { view: 'measure' }) });
  await page.getByLabel('Calls over each protocol').fill('40');
  await page.getByRole('button', { name: 'Measure' }).click();
  await page.getByText('Done.').waitFor();
  assert.equal(await page.locator('svg[role="img"]').count(), 3);
  assert.equal(await page.getByText(/beside REST: .*95 of 100 repetitions/).count(), 4);
  assert.equal(await page.getByText(/^CPU of the gateway .* over REST: .*95 of 100 repetitions/).count(), 3);
  assert.match(await page.getByRole('row', { name: 'CPU of the gateway a call' }).textContent(), /\d [µm]s ± \d/);
  assert.deepEqual(await findingsOf(page), []);
  const read = async (format) => {
    const href = await page.getByRole('link', { name: format }).getAttribute('href');
    return await (await fetch(`${gateway.url}${href}`)).text();
  };
  assert.equal((await read('CSV')).trim().split('\n').length, 1 + 5 * 40);
  assert.equal(JSON.parse(await read('JSON'))[0].measurement.measured.length, 5);
  assert.match(await read('HTML'), /^<!doctype html>/);
  await page.getByLabel('Calls over each protocol').fill('50000');
  await page.getByRole('button', { name: 'Measure' }).click();
  await page.getByText(/^\d+ of 250000 calls/).waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText('Stopped: what is there counts.').waitFor();
  assert.deepEqual(complaints, []);
});

test('code for the same call', { skip }, async () => {
  const { page, complaints } = await openPage({ call: callOf('Library.GetBook', book, { view: 'code' }) });
  await page.getByText('11 ways to make this call.').waitFor();
  assert.match(await page.getByRole('region', { name: 'curl', exact: true }).textContent(), /^curl -sS 'http/);
  assert.deepEqual(await findingsOf(page), []);
  assert.deepEqual(complaints, []);
});

test('streams by every protocol and framing at once; cancelled when asked', { skip }, async () => {
  const shelf = { parent: 'shelves/fiction', interval: '0.02s' };
  const { page, complaints } = await openPage({ call: callOf('Library.StreamBooks', shelf, { view: 'streams' }) });
  const start = page.getByRole('button', { name: 'Start the streams' });
  const went = async () =>
    (await page.getByRole('table', { name: 'How they went' }).locator('tbody tr').allInnerTexts()).map((row) =>
      row.split('\t'),
    );
  await start.click();
  await page.getByText('All have ended.').waitFor();
  const rows = await went();
  assert.deepEqual(
    rows.map(([name]) => name),
    ['REST, array', 'REST, NDJSON', 'REST, SSE', 'WebSocket', 'gRPC-Web', 'Connect', 'gRPC', 'gRPC, direct'],
  );
  const countOf = (text) => Number(/^(\d+) messages/.exec(text)?.[1]);
  const count = countOf(rows[0][2]);
  assert.ok(count > 1, rows[0][2]);
  assert.equal(rows.filter(([, given]) => given !== '–').length, 6);
  for (const [name, given, came, end] of rows) {
    assert.deepEqual([countOf(came), end], [count, 'OK'], name);
    // Of a WebSocket and past the gateway nobody can tell.
    if (given !== '–') assert.equal(countOf(given), count, name);
  }
  assert.deepEqual(await findingsOf(page), []);
  await page.locator('#json').fill(JSON.stringify({ ...shelf, interval: '5s' }));
  await start.click();
  await page.waitForFunction(() =>
    [...document.querySelectorAll('#view tbody td:nth-child(3)')].every(({ textContent }) => !/^0 /.test(textContent)),
  );
  await page.getByRole('button', { name: 'Cancel all' }).click();
  await page.getByText('Cancelled: the gateway').waitFor();
  for (const [name, , , end] of await went()) assert.match(end, /^cancelled after/, name);
  assert.deepEqual(complaints, []);
});

/** A library that streams 600 books of 64 KiB, as fast as they are taken. */
async function startLarge() {
  const asIs = (bytes) => bytes;
  const types = {
    requestDeserialize: asIs,
    responseSerialize: asIs,
    requestSerialize: asIs,
    responseDeserialize: asIs,
  };
  const path = '/example.library.v1.Library/StreamBooks';
  const book = Buffer.concat([Buffer.from([0x12, 0x80, 0x80, 0x04]), Buffer.alloc(65536, 'x')]);
  const server = new Server();
  const StreamBooks = async (call) => {
    for (let sent = 0; sent < 600 && !call.cancelled; sent++) {
      if (!call.write(book)) await new Promise((resolve) => call.once('drain', resolve).once('cancelled', resolve));
    }
    call.end();
  };
  server.addService({ StreamBooks: { path, requestStream: false, responseStream: true, ...types } }, { StreamBooks });
  const port = await new Promise((resolve, reject) => {
    const done = (error, bound) => (error === null ? resolve(bound) : reject(error));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done);
  });
  return { target: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

test('read slowly: what the upstream has given stays near to what has come, far from all', { skip }, async (t) => {
  const large = await startLarge();
  t.after(() => large.stop());
  const other = await startTandem(['--proto', 'protos/example', '--upstream', large.target]);
  t.after(() => other.stop());
  const call = callOf('Library.StreamBooks', { parent: 'shelves/a' }, { view: 'streams', protocols: 'grpc,connect' });
  const { page, complaints } = await openCompare({ browser: gateway.browser, url: other.url }, { call });
  await page.getByLabel('Read slowly').check();
  await page.getByRole('button', { name: 'Start the streams' }).click();
  const row = page
    .getByRole('table', { name: 'How they went' })
    .getByRole('row', { name: /^gRPC \d+ messages.* \d{1,3} messages/ });
  await row.waitFor();
  const [, given, came] = /gRPC\s+(\d+) messages.*?\s(\d+) messages/.exec(await row.innerText()) ?? [];
  // All of it would have come at once; slowly it takes two minutes.
  assert.ok(Number(given) >= 1 && Number(given) < 300, `given ${given}, came ${came}`);
  await page.getByText('whose window of HTTP/2 is used up').waitFor();
  await page.getByRole('button', { name: 'Cancel all' }).click();
  await page.getByText('Cancelled: the gateway').waitFor();
  assert.match(
    await page.getByRole('row', { name: /^Connect/ }).innerText(),
    /cancelled after \d+ ms and \d+ (pieces|messages)/,
  );
  assert.deepEqual(complaints, []);
});

test('a stream of requests is a list, in the form and as JSON, or a message a line', { skip }, async () => {
  const { page, complaints } = await openPage({ call: callOf('Library.AskLibrarian', [{ text: 'moby' }]) });
  await page.getByRole('button', { name: 'Add messages' }).click();
  await page.locator('#form [data-path="messages[1].text"]').fill('o');
  assert.deepEqual(JSON.parse(await page.locator('#json').inputValue()), [{ text: 'moby' }, { text: 'o' }]);
  await page.getByRole('button', { name: 'Call it' }).click();
  await page.getByText('The same answer over all 5.').waitFor();
  await page.getByText('From this browser, by fetch').first().waitFor();
  assert.match(await page.getByRole('row', { name: /^Messages/ }).innerText(), /(\t2){5}/);
  assert.equal(await page.getByRole('alert').count(), 0);
  await page.locator('details.protocol').nth(1).locator('summary').first().click();
  assert.equal(await page.getByRole('heading', { name: 'Request 2' }).count(), 1);
  await page.locator('#json').fill('{"text":"a"}\n{"text":5}');
  await page.locator('#form [aria-invalid]').waitFor();
  assert.equal(await page.locator('#form [aria-invalid]').getAttribute('data-path'), 'messages[1].text');
  await page.locator('#json').fill('{"text":"moby"}\n{"text":"o"}\n{"text":"e"}');
  await page.getByRole('tab', { name: 'Streams' }).click();
  await page.getByRole('button', { name: 'Start the streams' }).click();
  await page.getByText('All have ended.').waitFor();
  const rows = await page.getByRole('table', { name: 'How they went' }).locator('tbody tr').allInnerTexts();
  assert.equal(rows.length, 8);
  for (const row of rows) assert.match(row, /\t3 messages, \d+ B\tOK$/);
  assert.deepEqual(await findingsOf(page), []);
  assert.deepEqual(complaints, []);
});

test('the tour: each panel measures', { skip }, async () => {
  const { page, complaints } = await openPage({ call: callOf('Library.GetBook', book, { view: 'tour' }) });
  const seen = {
    'Many calls on one connection':
      /50 calls on 1 of HTTP\/1\.1: .*; 50 calls on 6 of HTTP\/1\.1: .*; 50 calls on 1 of HTTP\/2/,
    'Headers said once': /gRPC\s*\d+ B\s*\d+ B\s*\d+ B/,
    'Flow control': /SETTINGS\s*\d.*opened its windows (once|\d+ times)/s,
    'Numbers instead of names': /reads \d+ of \d+ fields, and skips \d+ of 370 bytes/,
    Deadlines: /connect-timeout-ms: 1.*(OK|DEADLINE_EXCEEDED)/s,
    'Four kinds of calls':
      /server stream\s*2.*StreamBooks\s*1\s*2\s*\d+ B.*client stream\s*1.*bidirectional stream\s*1.*AskLibrarian\s*2\s*2\s*\d+ B/s,
    'All in one table': /REST\s*HTTP\/1\.1.*\d+ B/s,
  };
  for (const [title, wanted] of Object.entries(seen)) {
    await page.getByRole('button', { name: `See it: ${title}` }).click();
    const panel = page.locator('section.protocol', { has: page.getByRole('heading', { name: title }) });
    await panel.getByText('Measuring…').waitFor({ state: 'detached' });
    assert.match(await panel.textContent(), wanted, title);
  }
  const slider = page.getByLabel('Fields that the old schema has');
  await slider.focus();
  await page.keyboard.press('Home');
  await page.getByText('The old client reads 0 of').waitFor();
  assert.deepEqual(await findingsOf(page), []);
  assert.deepEqual(complaints, []);
});

const { start, missing } = upstreams['grpcio, reflection v1alpha'];
test('a grpcio server, known by its reflection alone', { skip: skip || missing }, async (t) => {
  const upstream = await start();
  t.after(() => upstream.stop());
  const other = await startTandem(['--reflect', '--upstream', upstream.match[1]]);
  t.after(() => other.stop());
  const call = callOf('Greeter.SayHello', { name: 'A' });
  const { page, complaints } = await openCompare({ browser: gateway.browser, url: other.url }, { call });
  await page.getByRole('button', { name: 'Call it' }).click();
  await page.getByText('The same answer over all 5.').waitFor();
  await page.getByText('From this browser, by fetch').first().waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  assert.deepEqual(complaints, []);
});
