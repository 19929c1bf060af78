// A gateway and a browser for the tests of a file, and pages that can reach that gateway alone.
import { after, before } from 'node:test';
import axe from 'axe-core';
import { startTandem } from '../../scripts/start-process.mjs';
import { launch, skip } from './chromium.mjs';

/**
 * Starts both before the file's tests, then calls `prepare`, and ends them after the tests. From then on what it gives has the gateway's `url`
 * and the `browser`.
 */
export function useGateway(args = ['--demo'], prepare = async () => {}) {
  const running = {};
  let tandem;
  before(async () => {
    if (skip) return;
    tandem = await startTandem(args);
    running.url = tandem.url;
    running.browser = await launch();
    await prepare(running);
  });
  after(async () => {
    await running.browser?.close();
    await tandem?.stop();
  });
  return running;
}

/** A page that can reach its own host alone. `complaints` gathers what a user would find in the console. */
export async function openPage(browser, url, options = {}) {
  const page = await browser.newPage(options);
  const { origin } = new URL(url);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    // The browser logs every 4xx and 5xx of a call that the reader asks for.
    if (message.type() === 'error' && !/status of [45]\d\d/.test(message.text())) complaints.push(message.text());
  });
  await page.route('**', (route) => {
    const target = route.request().url();
    if (target.startsWith(`${origin}/`) || target.startsWith('data:')) return route.continue();
    complaints.push(`request to ${target}`);
    return route.abort();
  });
  await page.goto(url);
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
