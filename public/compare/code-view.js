// @ts-check
// Code that makes the same call.

import { button, h, problemText } from '../shared/dom.js';
import { post } from './api.js';

/** @param {{ chosen: () => import('./types.js').Chosen, check: () => Promise<unknown> }} page */
export function createCodeView({ chosen, check }) {
  const status = h('p', { role: 'status', class: 'status' });
  const place = h('div');
  const show = async () => {
    try {
      if ((await check()) === undefined) return;
      const snippets = await post('snippets', chosen().request);
      place.replaceChildren(...snippets.map((/** @type {any} */ one) => snippetPart(one, status)));
      status.textContent = `${snippets.length} ways to make this call.`;
    } catch (error) {
      status.textContent = `There is no code: ${problemText(error)}`;
    }
  };
  void show();
  return h(
    'section',
    {},
    h(
      'p',
      {},
      button('Write it again for the call as it is now', () => void show()),
    ),
    status,
    place,
  );
}

/** @param {{ id: string, title: string, needs: string, code: string }} snippet @param {HTMLElement} status */
function snippetPart({ id, title, needs, code }, status) {
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    status.textContent = `${title}: copied.`;
  };
  return h(
    'section',
    { 'aria-labelledby': `code-${id}` },
    h(
      'h3',
      { id: `code-${id}` },
      title,
      ' ',
      button('Copy', () => void copy(), { class: 'quiet', 'aria-label': `Copy ${title}` }),
    ),
    h('p', { class: 'note' }, `Needs ${needs}.`),
    h('pre', { tabindex: 0, role: 'region', 'aria-label': title }, code),
  );
}
