// Every view of the page /compare with something in it: usable by everybody, in light and dark and on a phone. And what is left to read when an
// upstream dies while it is measured.
//
//     npm run build && node --test test/browser/compare-states.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { startTandem } from '../../scripts/start-process.mjs';
import { skip } from './chromium.mjs';
import { callOf, openCompare } from './compare-page.mjs';
import { findingsOf, useGateway } from './gateway-pages.mjs';

const book = { name: 'shelves/fiction/books/frankenstein' };
const shelf = { parent: 'shelves/fiction' };
const gateway = useGateway();

const press = (page, name) => page.getByRole('button', { name }).click();

/** Each view: the call, and what fills it. */
const states = [
  { title: 'before a call', call: callOf('Library.GetBook', book), fill: async () => {} },
  {
    title: 'the list of methods',
    call: callOf('Library.GetBook', book),
    fill: async (page) => {
      await page.getByRole('combobox', { name: 'Method' }).click();
      await page.getByRole('option').first().waitFor();
    },
  },
  {
    title: 'one call, all of it opened',
    call: callOf('Library.GetBook', book),
    fill: async (page) => {
      await press(page, 'Call it');
      await page.getByText('From this browser, by fetch').first().waitFor();
    },
  },
  {
    title: 'an error',
    call: callOf('Library.GetBook', { name: 'shelves/no/books/none' }),
    fill: async (page) => {
      await press(page, 'Call it');
      await page.getByText('NOT_FOUND', { exact: true }).first().waitFor();
      await page.getByText('From this browser, by fetch').first().waitFor();
    },
  },
  {
    title: 'a wrong field',
    call: callOf('Library.ListBooks', { ...shelf, pageSize: 'many' }),
    fill: async (page) => {
      await press(page, 'Call it');
      await page.locator('#form [aria-invalid]').waitFor();
    },
  },
  {
    title: 'a nested form',
    call: callOf('Library.CreateBook', { parent: 'shelves/fiction' }),
    fill: (page) => press(page, 'Fill in every field'),
  },
  {
    title: 'many calls',
    call: callOf('Library.GetBook', book, { view: 'measure' }),
    fill: async (page) => {
      await page.getByLabel('Calls over each protocol').fill('20');
      await page.getByLabel('and once more with gzip').check();
      await press(page, 'Measure');
      await page.getByText('A call without and with gzip').first().waitFor();
      await page.getByText('Done.').waitFor();
    },
  },
  {
    title: 'streams',
    call: callOf('Library.StreamBooks', shelf, { view: 'streams' }),
    fill: async (page) => {
      await press(page, 'Start the streams');
      await page.getByText('All have ended.').waitFor();
    },
  },
  {
    title: 'no stream',
    call: callOf('Library.GetBook', book, { view: 'streams' }),
    fill: async (page) => {
      await page.getByText('These answer with a stream').waitFor();
    },
  },
  {
    title: 'code',
    call: callOf('Library.GetBook', book, { view: 'code' }),
    fill: async (page) => {
      await page.getByText('11 ways to make this call.').waitFor();
    },
  },
  {
    title: 'the tour, each panel seen',
    call: callOf('Library.GetBook', book, { view: 'tour' }),
    fill: async (page) => {
      for (const see of await page.getByRole('button', { name: /^See it/ }).all()) {
        await see.click();
        await page.getByText('Measuring…').waitFor({ state: 'detached' });
      }
    },
  },
];

/** Looks at the page as it stands, in each way. */
async function findAll(page) {
  await page.evaluate(() => {
    for (const part of document.querySelectorAll('details')) part.open = true;
  });
  const found = [];
  for (const [colorScheme, width] of [
    ['light', 1200],
    ['dark', 1200],
    ['light', 360],
  ]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    found.push(...(await findingsOf(page)).map((finding) => `${colorScheme}, ${width}: ${finding}`));
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wider > 0) found.push(`${width}: the page is ${wider} pixels wider than the window`);
  }
  return found;
}

for (const { title, call, fill } of states) {
  test(`everybody can use it: ${title}`, { skip }, async () => {
    const { page, complaints } = await openCompare(gateway, { call });
    await fill(page);
    assert.deepEqual(await findAll(page), []);
    assert.deepEqual(complaints, []);
    await page.close();
  });
}

test('an upstream that dies leaves what is finished to be read', { skip }, async (t) => {
  const upstream = await startTandem(['--demo']);
  t.after(() => upstream.stop());
  const other = await startTandem(['--proto', 'protos/example', '--upstream', upstream.url.replace('http://', '')]);
  t.after(() => other.stop());
  const call = callOf('Library.GetBook', book, { view: 'measure' });
  const { page, complaints } = await openCompare({ browser: gateway.browser, url: other.url }, { call });
  await page.getByLabel('Calls over each protocol').fill('100000');
  await press(page, 'Measure');
  // The second round: there is something of each.
  await page.getByText(/^([3-9]|\d\d)\d{3} of 500000 calls/).waitFor({ timeout: 60_000 });
  process.kill(upstream.pid, 'SIGKILL');
  await page.getByText(/^Ended early \(.*\): what is there counts\.$/).waitFor({ timeout: 60_000 });
  const medians = await page
    .getByRole('row', { name: /^Median/ })
    .first()
    .getByRole('cell')
    .allTextContents();
  assert.equal(medians.length, 5);
  for (const median of medians) assert.match(median, /^[\d.]+ (µs|ms)$/);
  const href = await page.getByRole('link', { name: 'JSON' }).getAttribute('href');
  const [{ measurement }] = await (await fetch(`${other.url}${href}`)).json();
  assert.match(measurement.problem, /, not .* as before|UNAVAILABLE|ECONN/);
  assert.deepEqual(complaints, []);
});

/** A greeter that never says the same twice. */
async function startFickle() {
  let count = 0;
  const asIs = (bytes) => bytes;
  const types = {
    requestDeserialize: asIs,
    responseSerialize: asIs,
    requestSerialize: asIs,
    responseDeserialize: asIs,
  };
  const method = { path: '/example.Greeter/SayHello', requestStream: false, responseStream: false, ...types };
  const server = new Server();
  server.addService(
    { SayHello: method },
    { SayHello: (_call, answer) => answer(null, Buffer.from(`\x0a\x04no ${count++ % 10}`)) },
  );
  const port = await new Promise((resolve, reject) => {
    const done = (error, bound) => (error === null ? resolve(bound) : reject(error));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), done);
  });
  return { target: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

test('answers that differ are shown loudly, field by field', { skip }, async (t) => {
  const fickle = await startFickle();
  t.after(() => fickle.stop());
  const other = await startTandem(['--proto', 'protos/example', '--upstream', fickle.target]);
  t.after(() => other.stop());
  const call = callOf('Greeter.SayHello', { name: 'A' });
  const { page, complaints } = await openCompare({ browser: gateway.browser, url: other.url }, { call });
  await press(page, 'Call it');
  const alert = page.getByRole('alert').first();
  await alert.waitFor();
  assert.match(
    await alert.textContent(),
    /The answers differ\..*gRPC answers otherwise than REST.*message"no \d""no \d"/s,
  );
  assert.deepEqual(await findAll(page), []);
  assert.deepEqual(complaints, []);
});
