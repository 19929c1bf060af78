// The page /compare in a browser, for its tests.
import { openPage } from './gateway-pages.mjs';

/** The part of the address behind the path. */
export function callOf(method, message, parameters = {}) {
  return `#${method}?${new URLSearchParams({ message: JSON.stringify(message), ...parameters })}`;
}

/** A page with the form of its method. */
export async function openCompare({ browser, url }, { call = '', options = {} } = {}) {
  const opened = await openPage(browser, `${url}/compare${call}`, options);
  await opened.page.locator('#form').locator('.field, .note, fieldset').first().waitFor();
  return opened;
}
