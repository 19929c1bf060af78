// @ts-check
// The search over the route table: an input whose list is walked by arrows.
import { byId, h } from '../shared/dom.js';

/** @typedef {import('./types.js').Method} Method */

const SHOWN = 30;

/** @param {readonly Method[]} methods @param {(method: Method) => void} onChoose */
export function createPicker(methods, onChoose) {
  const input = byId('method', HTMLInputElement);
  const list = byId('methods', HTMLElement);
  const searchable = methods.map((method) => ({ method, text: textOf(method).toLowerCase() }));
  /** @type {readonly Method[]} */
  let found = [];
  let at = -1;

  const close = () => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  /** @param {Method | undefined} method */
  const choose = (method) => {
    if (method === undefined) return;
    input.value = method.name;
    close();
    onChoose(method);
  };
  const move = (/** @type {number} */ next) => {
    at = (next + found.length) % (found.length || 1);
    for (const [index, item] of [...list.children].entries()) {
      item.setAttribute('aria-selected', String(index === at));
      if (index === at) item.scrollIntoView({ block: 'nearest' });
    }
    if (found.length > 0) input.setAttribute('aria-activedescendant', `method-${at}`);
  };
  /** @param {string} query */
  const open = (query) => {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    found = searchable
      .filter(({ text }) => words.every((word) => text.includes(word)))
      .slice(0, SHOWN)
      .map(({ method }) => method);
    const items = found.map((method, index) =>
      h(
        'div',
        { id: `method-${index}`, role: 'option', 'aria-selected': 'false', pointerdown: () => choose(method) },
        h('strong', {}, method.name),
        ` ${method.rule ? `${method.rule.method} ${method.rule.path}` : 'no rule'} · ${method.kind}`,
      ),
    );
    list.replaceChildren(...items);
    list.hidden = found.length === 0;
    input.setAttribute('aria-expanded', String(!list.hidden));
    move(0);
  };

  input.addEventListener('input', () => open(input.value));
  input.addEventListener('focus', () => input.select());
  input.addEventListener('click', () => open(''));
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    if (event.key === 'Enter' && !list.hidden) choose(found[at]);
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    if (list.hidden) open('');
    else move(at + (event.key === 'ArrowDown' ? 1 : -1));
  });
  return {
    /** @param {string} name */
    choose: (name) => choose(methods.find((method) => method.name === name || method.name.endsWith(`.${name}`))),
  };
}

/** @param {Method} method */
function textOf({ name, rule, summary, kind }) {
  return `${name} ${rule?.method ?? ''} ${rule?.path ?? ''} ${summary} ${kind}`;
}
