// The documentation page in a real browser: it loads without any other host, shows every operation, and calls one. Outside
// `npm test` since it needs Chromium:
//
//     npm run build && npm run browser
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skip } from './chromium.mjs';
import { openPage, useGateway } from './gateway-pages.mjs';

/** Calls to try: the operation, what to type into its parameters, and what the answer must hold. */
const calls = [
  { method: 'get', path: '/v1/greeter/{name}', parameters: { name: 'Wörld' }, answer: { message: 'Hello Wörld' } },
  { method: 'get', path: '/v1/shelves/{shelf}', parameters: { shelf: 'none' }, status: '404', answer: { code: 5 } },
];
const gateway = useGateway();

/** The page with its operations. */
async function openDocs() {
  const opened = await openPage(gateway.browser, `${gateway.url}/docs`);
  await opened.page.locator('.opblock').first().waitFor();
  return opened;
}

test('/docs shows every operation of the document and asks no other host', { skip }, async () => {
  const { page, complaints } = await openDocs();
  const { paths, info } = await (await fetch(`${gateway.url}/openapi.json`)).json();
  const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace', 'query'];
  const wanted = Object.entries(paths).flatMap(([path, item]) =>
    methods.filter((method) => item[method]).map((method) => `${method} ${path}`),
  );
  const shown = await page.locator('.opblock').evaluateAll((blocks) =>
    blocks.map((block) => {
      const [method, path] = ['.opblock-summary-method', '[data-path]'].map((name) => block.querySelector(name));
      return `${method.textContent.toLowerCase()} ${path.getAttribute('data-path')}`;
    }),
  );
  assert.ok(wanted.length > 20, `${wanted.length} operations`);
  assert.deepEqual(shown.sort(), wanted.sort());
  assert.match(await page.locator('.info .title').textContent(), new RegExp(`^${info.title}`));
  assert.deepEqual(complaints, []);
});

for (const { method, path, parameters, status = '200', answer } of calls) {
  test(`"Try it out" calls ${method} ${path} and shows the answer`, { skip }, async () => {
    const { page, complaints } = await openDocs();
    const block = page.locator(`.opblock-${method}`).filter({ has: page.locator(`[data-path="${path}"]`) });
    await block.locator('.opblock-summary-control').click();
    const tryItOut = block.locator('.try-out__btn');
    if (!(await tryItOut.getAttribute('class'))?.includes('cancel')) await tryItOut.click();
    for (const [name, value] of Object.entries(parameters)) {
      await block.locator(`tr[data-param-name="${name}"] input`).fill(value);
    }
    await block.locator('button.execute').click();
    const response = block.locator('.live-responses-table tbody .response').first();
    assert.equal(await response.locator('.response-col_status').textContent(), status);
    const shown = JSON.parse(await response.locator('.highlight-code code, pre.microlight').first().textContent());
    assert.deepEqual({ ...shown, ...answer }, shown);
    assert.deepEqual(complaints, []);
  });
}
