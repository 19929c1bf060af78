// The page of what is called, in a real browser, after calls whose number is known. Outside `npm test` since it needs Chromium:
//
//     npm run build && node --test test/browser/analytics.test.mjs
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { skip } from './chromium.mjs';
import { findingsOf, openPage, useGateway } from './gateway-pages.mjs';

// What clients send is then in the messages of errors.
process.env.TANDEM_OBSERVABILITY__ANALYTICS_MESSAGES = 'true';

const markup = '<img src=x onerror=alert(1)>';
const book = '/v1/shelves/fiction/books/frankenstein';
const connect = { 'content-type': 'application/json', 'connect-protocol-version': '1' };
const jsonCall = { method: 'POST', headers: connect, body: '{"name":"a"}' };
const calls = [
  { times: 12, path: book },
  { times: 4, path: `/v1/shelves/${encodeURIComponent(markup)}`, status: 404 },
  { times: 2, path: '/v1/shelves?pageSize=many', status: 400 },
  { times: 5, path: '/example.Greeter/SayHello', init: jsonCall },
];

const gateway = useGateway(['--demo'], async ({ url }) => {
  for (const { times, path, init, status = 200 } of calls) {
    for (let call = 0; call < times; call++) {
      const response = await fetch(url + path, init);
      await response.arrayBuffer();
      assert.equal(response.status, status, path);
    }
  }
});

/** The page with its figures. */
async function openAnalytics(options) {
  const opened = await openPage(gateway.browser, `${gateway.url}/analytics`, options);
  await opened.page.locator('#methods-view table').waitFor();
  return opened;
}

/** The cells of a table in the part of that id. */
const cellsOf = (page, id) =>
  page
    .locator(`#${id} tbody tr`)
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent.trim())));

const tileOf = (page, name) => page.locator('#summary > div').filter({ hasText: name }).locator('dd').textContent();

test('what it shows is what was sent', { skip }, async () => {
  const { page, complaints } = await openAnalytics();
  assert.equal(await tileOf(page, /^Calls\d/), '23');
  assert.equal(await tileOf(page, /^Failed/), '26 %');
  assert.equal(await tileOf(page, /^Open now/), '0');
  const methods = await cellsOf(page, 'methods-view');
  assert.deepEqual(
    methods.map(([method, count, , failed]) => [method, count, failed]),
    [
      ['Library.GetBookexample.library.v1', '12', '0 %'],
      ['Greeter.SayHelloexample', '5', '0 %'],
      ['Library.GetShelfexample.library.v1', '4', '100 %'],
      ['Library.ListShelvesexample.library.v1', '2', '100 %'],
    ],
  );
  // HelloRequest with "a" and HelloReply with "Hello a": 3 and 9 bytes, and `{"name":"a"}`, `{"message":"Hello a"}`.
  assert.deepEqual(methods[1].slice(-3), ['60 B', '165 B', '64 %']);
  const errors = await cellsOf(page, 'errors');
  assert.deepEqual(
    errors.map(([, code, count, message]) => [code, count, message]),
    [
      ['NOT_FOUND', '4', `Shelf "shelves/${markup}" does not existthe upstream was called`],
      ['INVALID_ARGUMENT', '2', 'pageSize: "many" is not an int32the gateway refused it'],
    ],
  );
  const callers = await cellsOf(page, 'callers');
  assert.deepEqual(
    callers.map(([who, network, program, protocol, count, failed]) => [who, network, program, protocol, count, failed]),
    [
      ['anonymous', '127.0.0.0/24', 'node', 'rest', '18', '33 %'],
      ['anonymous', '127.0.0.0/24', 'node', 'connect', '5', '0 %'],
    ],
  );
  const [[, , state, connections]] = await cellsOf(page, 'upstreams');
  assert.deepEqual([state, connections], ['ready', '1']);
  assert.deepEqual(complaints, []);
});

test('exports', { skip }, async () => {
  const { page, complaints } = await openAnalytics();
  const exported = async (name) => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name, exact: true }).click(),
    ]);
    return readFileSync(await download.path(), 'utf8');
  };
  const countBooks = (rows) => rows.reduce((sum, count) => sum + Number(count), 0);
  const { steps } = JSON.parse(await exported('JSON'));
  const books = steps.filter(({ method }) => method.endsWith('.GetBook'));
  assert.equal(countBooks(books.map((row) => row.calls)), 12);
  const lines = (await exported('CSV')).trim().split('\r\n');
  assert.equal(countBooks(lines.filter((line) => line.includes('.GetBook,')).map((line) => line.split(',')[2])), 12);
  assert.deepEqual(complaints, []);
});

test('by keyboard alone: one method, a pause', { skip }, async () => {
  const { page, complaints } = await openAnalytics();
  await page.getByRole('button', { name: 'Library.GetShelf' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'example.library.v1.Library.GetShelf' }).waitFor();
  assert.equal(await tileOf(page, /^Calls\d/), '4');
  assert.equal((await cellsOf(page, 'errors')).length, 1);
  const method = page.getByLabel('Method', { exact: true });
  assert.equal(await method.evaluate((control) => control === document.activeElement), true);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  assert.equal(await page.getByRole('button', { name: 'Pause' }).getAttribute('aria-pressed'), 'true');
  assert.deepEqual(complaints, []);
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1200, 390]) {
    test(`${colorScheme}, ${width} pixels: nothing keeps anybody out, nothing is cut off`, { skip }, async () => {
      const { page, complaints } = await openAnalytics({ colorScheme, viewport: { width, height: 800 } });
      assert.deepEqual(await findingsOf(page), []);
      const isCut = (element) => element.scrollWidth > element.clientWidth;
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false);
      assert.equal(await page.locator('#course .scroll').count(), 3);
      for (const chart of await page.locator('#course .scroll').all()) assert.equal(await chart.evaluate(isCut), false);
      assert.deepEqual(complaints, []);
    });
  }
}

test('it says when the gateway does not answer, and goes on when it does', { skip }, async () => {
  const { page } = await openAnalytics();
  await page.context().setOffline(true);
  await page.getByText('The gateway does not answer.').waitFor();
  assert.equal(await tileOf(page, /^Calls\d/), '23');
  await page.context().setOffline(false);
  await page.waitForFunction(() => document.getElementById('problem').textContent === '');
});

test('its policy lets in no script but its own, and the pages lead to each other', { skip }, async () => {
  const policy = (await fetch(`${gateway.url}/analytics`)).headers.get('content-security-policy') ?? '';
  assert.match(policy, /^default-src 'none'.*script-src 'self'; style-src 'self'$/);
  const { page, complaints } = await openAnalytics();
  await page.getByRole('link', { name: 'REST and gRPC, side by side' }).click();
  await page.getByRole('link', { name: 'The API' }).click();
  // Swagger UI opens links in a page of their own.
  assert.equal(await page.getByRole('link', { name: 'Calls through this gateway' }).getAttribute('href'), '/analytics');
  assert.deepEqual(complaints, []);
});
