// The form of the page /compare: every kind of field, wrong values marked at their field, and the whole page by keyboard.
//
//     npm run build && node --test test/browser/compare-form.test.mjs
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skip } from './chromium.mjs';
import { callOf, openCompare } from './compare-page.mjs';
import { useGateway } from './gateway-pages.mjs';

const gateway = useGateway(['--proto', 'test/protos/kinds.proto', '--mock']);

const openKinds = (message, parameters) => openCompare(gateway, { call: callOf('Kinds.Put', message, parameters) });

/** What the page would send. */
const messageOf = async (page) => JSON.parse(await page.locator('#json').inputValue());

/** A field by its path in JSON, what is done to it, and what the message then has. */
const kinds = [
  { path: 'text', fill: 'a', has: { text: 'a' } },
  { path: 'flag', choose: 'false', has: { flag: false } },
  { path: 'small', fill: '-5', has: { small: -5 } },
  { path: 'big', fill: '9007199254740993', has: { big: '9007199254740993' } },
  { path: 'huge', fill: '18446744073709551615', has: { huge: '18446744073709551615' } },
  { path: 'data', fill: 'AAEC', has: { data: 'AAEC' } },
  { path: 'ratio', fill: '1.5e3', has: { ratio: 1500 } },
  { path: 'ratio', fill: 'Infinity', has: { ratio: 'Infinity' } },
  { path: 'color', choose: 'GREEN', has: { color: 'GREEN' } },
  { path: 'inner', add: 'inner', inside: { path: 'inner.name', fill: 'n' }, has: { inner: { name: 'n' } } },
  { path: 'inners', add: 'inners', inside: { path: 'inners[0].big', fill: '7' }, has: { inners: [{ big: '7' }] } },
  { path: 'tags', add: 'tags', inside: { path: 'tags[0]', fill: 't' }, has: { tags: ['t'] } },
  { path: 'ids', add: 'ids', has: { ids: ['0'] } },
  { path: 'colors', add: 'colors', inside: { path: 'colors[0]', choose: 'RED' }, has: { colors: ['RED'] } },
  { path: 'counts', add: 'counts', inside: { path: 'counts.1', fill: '3' }, has: { counts: { 1: '3' } } },
  { path: 'at', fill: '2026-01-31T12:00:00Z', has: { at: '2026-01-31T12:00:00Z' } },
  { path: 'wait', fill: '1.5s', has: { wait: '1.5s' } },
  { path: 'nick', fill: 'n', has: { nick: 'n' } },
  { path: 'wide', fill: '-9', has: { wide: '-9' } },
  { path: 'maybe', choose: 'true', has: { maybe: true } },
  {
    path: 'any',
    fill: '{"@type":"type.googleapis.com/kinds.v1.Inner","name":"x"}',
    has: { any: { '@type': 'type.googleapis.com/kinds.v1.Inner', name: 'x' } },
  },
  { path: 'object', fill: '{"a":[1,null]}', has: { object: { a: [1, null] } } },
  { path: 'mask', fill: 'text,inner.name', has: { mask: 'text,inner.name' } },
  { path: 'opt', fill: '0', has: { opt: 0 } },
  { path: 'flags', add: 'flags', has: { flags: [false] } },
  { path: 'zig', fill: '-1', has: { zig: '-1' } },
];

/** Does to a field what a row says. */
async function edit(page, { path, fill, choose, add, inside }) {
  if (add !== undefined) await page.getByRole('button', { name: `Add ${add}`, exact: true }).click();
  const control = page.locator(`#form [data-path="${path}"]`);
  if (fill !== undefined) await control.fill(fill);
  if (choose !== undefined) await control.selectOption(choose);
  if (inside !== undefined) await edit(page, inside);
}

test('each kind of field is written by its control, and taken by the gateway', { skip }, async () => {
  const { page, complaints } = await openKinds({});
  await page.getByText('more, not set').click();
  for (const row of kinds) {
    await page.locator('#json').fill('{}');
    await edit(page, row);
    assert.deepEqual(await messageOf(page), row.has, row.path);
    const prepared = page.waitForResponse((response) => response.url().endsWith('/api/prepare'));
    await page.locator('#json').press('End');
    assert.equal((await prepared).status(), 200, `${row.path}: ${await (await prepared).text()}`);
    assert.equal(await page.locator('[aria-invalid]').count(), 0, row.path);
  }
  assert.deepEqual(complaints, []);
});

test('a map: entries come, get keys and go; of a oneof there is one', { skip }, async () => {
  const { page, complaints } = await openKinds({ byId: { 1: { name: 'one' } }, byName: 'n' });
  await page.getByRole('button', { name: 'Add byId' }).click();
  await page.getByLabel('Key', { exact: true }).last().fill('2');
  await page.keyboard.press('Tab');
  await page.locator('#form [data-path="byId.2.name"]').fill('two');
  assert.deepEqual((await messageOf(page)).byId, { 1: { name: 'one' }, 2: { name: 'two' } });
  await page.getByRole('button', { name: 'Remove byId 1' }).first().click();
  assert.deepEqual((await messageOf(page)).byId, { 2: { name: 'two' } });
  await page.getByLabel('choice').selectOption('byInner');
  assert.deepEqual(await messageOf(page), { byId: { 2: { name: 'two' } }, byInner: {} });
  await page.getByLabel('choice').selectOption('byNumber');
  assert.deepEqual(await messageOf(page), { byId: { 2: { name: 'two' } }, byNumber: '0' });
  assert.deepEqual(complaints, []);
});

/** A message with one wrong value, and the field that is marked. */
const wrong = [
  [{ small: 'x' }, 'small'],
  [{ small: 3_000_000_000 }, 'small'],
  [{ big: '1.5' }, 'big'],
  [{ huge: '-1' }, 'huge'],
  [{ data: '%%%' }, 'data'],
  [{ color: 'PURPLE' }, 'color'],
  [{ inner: { big: 'x' } }, 'inner.big'],
  [{ inners: [{}, { big: 'x' }] }, 'inners[1].big'],
  [{ ids: ['1', 'x'] }, 'ids[1]'],
  [{ counts: { a: 'x' } }, 'counts.a'],
  [{ byId: { one: {} } }, 'byId'],
  [{ byNumber: 'x' }, 'byNumber'],
  [{ at: 'yesterday' }, 'at'],
  [{ wait: '5 minutes' }, 'wait'],
  [{ wide: 'x' }, 'wide'],
  [{ any: { '@type': 'type.googleapis.com/no.Such' } }, 'any'],
  [{ object: 5 }, 'object'],
];
test('a wrong value is marked at its field, and nothing is called', { skip }, async () => {
  const { page, complaints } = await openKinds({});
  const called = [];
  page.on('request', (request) => called.push(new URL(request.url()).pathname));
  for (const [message, path] of wrong) {
    await page.locator('#json').fill(JSON.stringify(message));
    await page.getByRole('button', { name: 'Call it' }).click();
    const marked = page.locator('#form [aria-invalid]');
    await page.locator('[aria-invalid]').first().waitFor();
    const at = await marked.evaluateAll((controls) => controls.map((control) => control.dataset.path));
    assert.ok(path.startsWith(at[0] ?? '-'), `${JSON.stringify(message)}: marked ${at}, not ${path}`);
    assert.equal(await marked.evaluate((control) => control === document.activeElement), true, path);
    assert.notEqual(await page.locator(`[id="${await marked.getAttribute('id')}-problem"]`).textContent(), '', path);
  }
  assert.ok(!called.includes('/compare/api/compare'), String(called));
  assert.deepEqual(complaints, []);
});

test('every field filled in by an example is a message that is answered', { skip }, async () => {
  const { page, complaints } = await openKinds({});
  await page.getByRole('button', { name: 'Fill in every field' }).click();
  assert.ok(Object.keys(await messageOf(page)).length >= 15, await page.locator('#json').inputValue());
  await page.getByRole('button', { name: 'Call it' }).click();
  await page.getByText('The same answer over all').waitFor();
  assert.deepEqual(complaints, []);
});

test('the address holds method, request, protocols and view', { skip }, async () => {
  const { page, complaints } = await openKinds({ text: 'a b&c#d' });
  for (const name of ['gRPC-Web', 'Connect']) await page.getByLabel(name, { exact: true }).uncheck();
  await page.getByRole('tab', { name: 'Code' }).click();
  const { page: again } = await openCompare(gateway, { call: new URL(page.url()).hash });
  assert.deepEqual(await messageOf(again), { text: 'a b&c#d' });
  assert.equal(await again.getByRole('tab', { selected: true }).textContent(), 'Code');
  const ticked = await again
    .locator('#protocols input:checked')
    .evaluateAll((boxes) => boxes.map(({ value }) => value));
  assert.deepEqual(ticked, ['rest', 'grpc', 'grpc-direct']);
  assert.deepEqual(complaints, []);
});

/** Presses Tab until something has the focus that `find` knows. */
async function tabTo(page, find) {
  for (let pressed = 0; pressed < 80; pressed++) {
    if (await page.evaluate(`(${find})(document.activeElement)`)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`no way there by Tab: ${find}`);
}

test('by keyboard alone: a method, its request, the call, its bytes, and the other views', { skip }, async () => {
  const { page, complaints } = await openKinds({ text: 'Frankenstein' });
  await tabTo(page, (element) => element.id === 'method');
  await page.keyboard.type('put');
  await page.keyboard.press('Enter');
  // The method's own example takes the place of the address's message.
  await page.waitForFunction(() => !document.querySelector('#json').value.includes('Frankenstein'));
  await tabTo(page, (element) => element.dataset.path === 'text');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Dracula');
  await tabTo(page, (element) => element.value === 'connect');
  await page.keyboard.press('Space');
  await tabTo(page, (element) => element.textContent === 'Call it');
  await page.keyboard.press('Enter');
  await page.getByText('The same answer over all').waitFor();
  await tabTo(page, (element) => element.tagName === 'SUMMARY' && element.textContent.startsWith('gRPC:'));
  await page.keyboard.press('Enter');
  await tabTo(page, (element) => element.dataset.path === 'text' && element.closest('.fields') !== null);
  assert.ok((await page.locator('.hex .lit').count()) > 0);
  for (let pressed = 0; pressed < 80; pressed++) {
    if (await page.evaluate(() => document.activeElement?.getAttribute('role') === 'tab')) break;
    await page.keyboard.press('Shift+Tab');
  }
  for (const title of ['Many calls', 'Streams', 'Code', 'Tour']) {
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), title);
    assert.equal(await page.getByRole('tab', { selected: true }).textContent(), title);
  }
  assert.deepEqual(complaints, []);
});
