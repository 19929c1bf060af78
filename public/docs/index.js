// @ts-check
// The list of all operations. Thousands of them are searched as text; only what is shown becomes part of the page.

/** @typedef {{ service: string, http: string, path: string, rpc: string, id: string, summary: string, isDeprecated: boolean, text: string }} Operation */
/** @typedef {{ name: string, tag: string, description: string, count: number }} Service */

const pageSize = 100;
const { base = '', compare = '' } = document.body.dataset;

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${id}`);
  return element;
}

const query = byId('query', HTMLInputElement);
const status = byId('status', HTMLElement);
const results = byId('results', HTMLElement);
const more = byId('more', HTMLButtonElement);

/** @type {readonly Operation[]} */
let operations = [];
/** @type {ReadonlyMap<string, Service>} */
let services = new Map();
/** @type {readonly (Operation | Service)[]} */
let found = [];
let shown = 0;

/** An element with text, never with markup. @param {string} tag @param {string} [text] @param {string} [className] */
function element(tag, text = '', className = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className !== '') made.className = className;
  return made;
}

/** @param {string} service @param {string} [fragment] */
function linkTo(service, fragment = '') {
  const link = document.createElement('a');
  link.href = `${base}/${encodeURIComponent(service)}${fragment}`;
  return link;
}

/** @param {Operation} operation */
function operationItem({ service, http, path, rpc, id, summary, isDeprecated }) {
  const item = element('li', '', isDeprecated ? 'deprecated' : '');
  const link = linkTo(service, `#/${encodeURIComponent(services.get(service)?.tag ?? '')}/${encodeURIComponent(id)}`);
  link.append(element('span', http, 'method'), element('code', path));
  item.append(link, ` ${summary}${isDeprecated ? ' (deprecated)' : ''}`);
  if (compare !== '') item.append(' ', compareLink(`${service}.${rpc}`));
  return item;
}

/** To the page that calls a method over REST and gRPC. @param {string} method */
function compareLink(method) {
  const link = document.createElement('a');
  link.href = `${compare}#${method}`;
  link.className = 'compare';
  link.textContent = 'Compare';
  link.setAttribute('aria-label', `Compare REST and gRPC: ${method}`);
  return link;
}

/** @param {Service} service */
function serviceItem({ name, description, count }) {
  const item = element('li');
  const link = linkTo(name);
  link.textContent = name;
  item.append(link, ` ${count} ${count === 1 ? 'operation' : 'operations'}. ${description}`);
  return item;
}

/** The list that the next items belong to: operations stand below their service. @param {Operation | Service} item */
function listFor(item) {
  const last = results.lastElementChild;
  const service = 'service' in item ? item.service : '';
  if (last instanceof HTMLUListElement && last.dataset.service === service) return last;
  if (service !== '') results.append(element('h2', service));
  const list = document.createElement('ul');
  list.dataset.service = service;
  results.append(list);
  return list;
}

function showMore() {
  for (const item of found.slice(shown, shown + pageSize)) {
    listFor(item).append('service' in item ? operationItem(item) : serviceItem(item));
  }
  shown = Math.min(found.length, shown + pageSize);
  more.hidden = shown === found.length;
}

function search() {
  const start = performance.now();
  const words = query.value
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  found =
    words.length === 0
      ? [...services.values()]
      : operations.filter(({ text }) => words.every((word) => text.includes(word)));
  shown = 0;
  results.replaceChildren();
  showMore();
  const what = words.length === 0 ? 'services' : `of ${operations.length} operations`;
  status.textContent = found.length === 0 ? `Nothing has ${query.value.trim()}` : `${found.length} ${what}`;
  history.replaceState(null, '', words.length === 0 ? location.pathname : `#${encodeURIComponent(query.value)}`);
  performance.measure('search', { start });
}

async function load() {
  const response = await fetch(`${base}/operations.json`);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const index = await response.json();
  byId('title', HTMLElement).textContent = index.title;
  document.title = index.title;
  services = new Map(index.services.map((/** @type {Service} */ each) => [each.name, each]));
  operations = index.operations.map((/** @type {Omit<Operation, 'text'>} */ each) => ({
    ...each,
    text: `${each.http} ${each.path} ${each.service}.${each.rpc} ${each.summary}`.toLowerCase(),
  }));
  query.value = decodeURIComponent(location.hash.slice(1));
  query.addEventListener('input', search);
  more.addEventListener('click', () => {
    const before = shown;
    showMore();
    // Who pressed the button by keyboard goes on where the new ones begin.
    const links = results.querySelectorAll('a');
    links[before]?.focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target === query || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    query.focus();
  });
  search();
}

load().catch((error) => {
  status.textContent = `The list cannot be loaded: ${error instanceof Error ? error.message : error}`;
});
