// The page /compare in a browser, for its tests.
import axe from 'axe-core';

/** The part of the address behind the path. */
export function callOf(method, message, parameters = {}) {
  return `#${method}?${new URLSearchParams({ message: JSON.stringify(message), ...parameters })}`;
}

/** A page that can reach its gateway alone. `complaints` gathers what a user would find in the console. */
export async function openCompare(browser, { url, call = '', options = {} }) {
  const page = await browser.newPage(options);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of [45]\d\d/.test(message.text())) complaints.push(message.text());
  });
  await page.route('**', (route) => {
    const target = route.request().url();
    if (target.startsWith(`${url}/`) || target.startsWith('data:')) return route.continue();
    complaints.push(`request to ${target}`);
    return route.abort();
  });
  await page.goto(`${url}/compare${call}`);
  await page.locator('#form').locator('.field, .note, fieldset').first().waitFor();
  return { page, complaints };
}

/** What axe-core finds that keeps somebody from using the page. */
export async function findingsOf(page) {
  // The policy of the page lets no script in but its own.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}
