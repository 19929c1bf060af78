// @ts-check
// Elements. Whatever comes from the wire becomes text, never markup.

/** @typedef {Record<string, string | number | boolean | undefined | ((event: any) => void)>} Attributes */
/** @typedef {Node | string | undefined} Child */

/** @param {Element} element @param {Attributes} attributes @param {Child[]} children */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
}

/**
 * An element with attributes and children; a function among the attributes listens to the event of its name.
 * @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @param {Attributes} [attributes] @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

/** The same of SVG. @param {string} tag @param {Attributes} [attributes] @param {Child[]} children */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  fill(element, attributes, children);
  return element;
}

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${id}`);
  return element;
}

/** Text of a comment, what stands between backticks as code. @param {string} text @returns {Child[]} */
export function withCode(text) {
  return text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 1 ? h('code', {}, part) : part));
}

/**
 * A table that can be scrolled by keyboard where it is too wide.
 * @param {string} caption @param {readonly string[]} columns @param {readonly (readonly Child[])[]} rows
 */
export function table(caption, columns, rows) {
  const head = h('tr', {}, ...columns.map((column) => h('th', { scope: 'col' }, column)));
  const lines = rows.map(([first, ...cells]) =>
    h('tr', {}, h('th', { scope: 'row' }, first), ...cells.map((cell) => h('td', {}, cell))),
  );
  const made = h('table', {}, h('caption', {}, caption), h('thead', {}, head), h('tbody', {}, ...lines));
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption }, made);
}

/** @param {string} text @param {() => void} onClick @param {Attributes} [attributes] */
export function button(text, onClick, attributes = {}) {
  return h('button', { type: 'button', click: onClick, ...attributes }, text);
}

/** @param {number | undefined} ms */
export function msText(ms) {
  if (ms === undefined || Number.isNaN(ms)) return '–';
  return Math.abs(ms) < 1 ? `${Math.round(ms * 1000)} µs` : `${ms.toFixed(ms < 10 ? 2 : 1)} ms`;
}

/** @param {number} bytes */
export function bytesText(bytes) {
  if (bytes < 10_000) return `${Math.round(bytes)} B`;
  return bytes < 10 * 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** @param {unknown} error */
export function problemText(error) {
  return error instanceof Error ? error.message : String(error);
}
