// @ts-check
// The page: the call at its top, which all views below work on, and which the address holds.

import { byId, h, problemText, withCode } from '../shared/dom.js';
import { ApiError, get, post } from './api.js';
import { createCallView } from './call-view.js';
import { nameOf, protocolNames, protocolNotes } from './charts.js';
import { createCodeView } from './code-view.js';
import { RequestForm } from './form.js';
import { kindNames, messagesIn, takesStream } from './kinds.js';
import { createMeasureView } from './measure-view.js';
import { createPicker } from './methods.js';
import { createStreamView } from './stream-view.js';
import { createTour } from './tour.js';

/** @typedef {import('./types.js').Method} Method */
/** @typedef {import('./types.js').Description} Description */

const json = byId('json', HTMLTextAreaElement);
const headers = byId('headers', HTMLTextAreaElement);
const about = byId('about', HTMLElement);
const protocols = byId('protocols', HTMLElement);
const form = new RequestForm(byId('form', HTMLElement), () => {
  json.value = JSON.stringify(requestMessage(), undefined, 2);
  changed();
});

/** @type {Method | undefined} */
let method;
/** @type {Description | undefined} */
let description;
/** Of the check that counts: what is typed meanwhile asks for another. */
let checking = 0;
let timer = 0;

/** What is sent: the form's message, or of a stream of requests the list that the form holds. @returns {any} */
function requestMessage() {
  return takesStream(method) ? (form.message.messages ?? []) : form.message;
}

/** @param {Description} description @param {unknown} message */
function showInForm(description, message) {
  if (!takesStream(method)) return form.show(description, /** @type {any} */ (message));
  // A stream of requests is a list of messages, in the form as well.
  const field = { name: 'messages', number: 0, comment: '', type: description.input, shape: 'list', isInPath: false };
  const types = { ...description.types, '': { comment: '', fields: [/** @type {any} */ (field)] } };
  const messages = Array.isArray(message) ? message : [message];
  form.show({ ...description, input: '', types }, messages.length === 0 ? {} : { messages });
}

/** The call as it stands. @returns {import('./types.js').Chosen} */
function chosen() {
  if (method === undefined) throw new Error('choose a method');
  const request = { method: method.name, message: requestMessage(), headers: headerFields(), framing: 'array' };
  return { method, request: { ...request, protocols: chosenProtocols() } };
}

/** The protocols that are ticked; one always is. @returns {string[]} */
function chosenProtocols() {
  return [...protocols.querySelectorAll('input')].filter(({ checked }) => checked).map(({ value }) => value);
}

/** @param {readonly string[] | undefined} wanted */
function createProtocols(wanted) {
  const names = Object.keys(protocolNames);
  const known = names.filter((name) => wanted?.includes(name) ?? true);
  const boxes = names.map((name) => {
    const checked = known.length === 0 || known.includes(name);
    const input = (/** @type {any} */ { target }) => {
      if (chosenProtocols().length === 0) target.checked = true;
      changed();
    };
    const box = h('input', { type: 'checkbox', id: `over-${name}`, value: name, checked, input });
    const label = h('label', { for: box.id, class: 'inline' }, nameOf(name));
    return h('span', { class: 'choice', title: protocolNotes[name] }, box, ' ', label);
  });
  protocols.replaceChildren(h('legend', {}, 'Call it over'), ...boxes);
}

function headerFields() {
  const lines = headers.value.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line.trim()) ?? [];
      if (name === undefined) throw new ApiError('', 'headers', `"${line}" is not NAME: VALUE`);
      return [name, value ?? ''];
    }),
  );
}

/** What the gateway makes of the call; undefined when a field is wrong, which is then marked. Nothing is sent to any upstream. */
async function check() {
  clearTimeout(timer);
  const at = ++checking;
  try {
    const prepared = /** @type {import('./types.js').Prepared} */ (await post('prepare', chosen().request));
    if (at !== checking) return prepared;
    clearProblems();
    const rest = prepared.http.find(({ protocol }) => protocol === 'rest');
    byId('rest-line', HTMLElement).textContent = rest === undefined ? 'no rule' : `${rest.method} ${rest.target}`;
    return prepared;
  } catch (error) {
    if (at === checking) showProblem(error);
    return undefined;
  }
}

function clearProblems() {
  form.unmark();
  for (const [id, control] of [
    ['json', json],
    ['headers', headers],
  ]) {
    /** @type {HTMLElement} */ (control).removeAttribute('aria-invalid');
    byId(`${id}-problem`, HTMLElement).textContent = '';
  }
}

/** @param {unknown} error */
function showProblem(error) {
  clearProblems();
  const { field, description } =
    error instanceof ApiError ? error : { field: undefined, description: problemText(error) };
  const control = field === 'headers' ? headers : json;
  if (control === headers) byId('more-headers', HTMLDetailsElement).open = true;
  const place = takesStream(method) && field?.startsWith('[') ? `messages${field}` : field;
  const isMarked = place !== undefined && form.mark(place, description);
  if (!isMarked) control.setAttribute('aria-invalid', 'true');
  byId(`${control.id}-problem`, HTMLElement).textContent =
    isMarked || field === 'headers' ? description : problemText(error) || description;
}

/** For a view that is about to call: the first wrong field gets the focus. */
async function checkToRun() {
  const prepared = await check();
  const wrong = document.querySelector('[aria-invalid]');
  if (prepared === undefined && wrong instanceof HTMLElement) wrong.focus();
  return prepared;
}

function changed() {
  history.replaceState(null, '', addressOf());
  clearTimeout(timer);
  timer = setTimeout(check, 250);
}

function addressOf() {
  const view = selected === views[0] ? '' : `&view=${selected?.id}`;
  const chosenOnes = chosenProtocols();
  const over = chosenOnes.length === Object.keys(protocolNames).length ? '' : `&protocols=${chosenOnes.join(',')}`;
  return `#${method?.name}?message=${encodeURIComponent(JSON.stringify(requestMessage()))}${over}${view}`;
}

/** @param {Method} next @param {unknown} [message] */
async function choose(next, message) {
  method = next;
  const { rule, kind, summary, isRepeatable } = next;
  const once = isRepeatable ? '' : ' It may change something: it is called once over each protocol.';
  const comment = summary === '' ? '' : `${summary.replace(/[.\s]*$/, '')}. `;
  const text = `${comment}${kindNames[kind] ?? kind}; REST: ${rule ? `${rule.method} ${rule.path}` : 'no rule'}.${once}`;
  about.replaceChildren(...withCode(text).filter((part) => part !== undefined));
  description = /** @type {Description} */ (await get(`method?name=${encodeURIComponent(next.name)}`));
  form.unfolded.clear();
  showInForm(description, message ?? structuredClone(description.example));
  made.clear();
  json.value = JSON.stringify(requestMessage(), undefined, 2);
  selectView(selected);
  changed();
}

json.addEventListener('input', () => {
  try {
    const message = messagesIn(json.value, method);
    if (description !== undefined) showInForm(description, message);
    changed();
  } catch (error) {
    checking++;
    showProblem(error);
  }
});
headers.addEventListener('input', changed);

/** @type {readonly Method[]} */
let methods = [];

/** Puts another message into the form. @param {unknown} message */
function fill(message) {
  if (description === undefined) return;
  showInForm(description, structuredClone(message));
  json.value = JSON.stringify(requestMessage(), undefined, 2);
  changed();
}
byId('example', HTMLElement).addEventListener('click', () => fill(description?.example ?? {}));
byId('filled', HTMLElement).addEventListener('click', () => fill(description?.filled ?? {}));

/** What a view may do. */
const page = {
  chosen,
  /** Begins a measurement of so many calls, in its own view. @param {number} runs */
  measure: (runs) => {
    selectView(views.find(({ id }) => id === 'measure'));
    byId('tab-measure', HTMLElement).focus();
    byId('runs', HTMLInputElement).value = String(runs);
    byId('measure', HTMLElement).click();
  },
  methods: () => methods,
  /** @param {Method} next @param {Record<string, unknown>} [message] */
  choose: async (next, message) => {
    byId('method', HTMLInputElement).value = next.name;
    await choose(next, message);
  },
  check: checkToRun,
};
/** @type {readonly { id: string, title: string, create: (page: any) => HTMLElement }[]} */
const views = [
  { id: 'call', title: 'One call', create: createCallView },
  { id: 'measure', title: 'Many calls', create: createMeasureView },
  { id: 'streams', title: 'Streams', create: createStreamView },
  { id: 'code', title: 'Code', create: createCodeView },
  { id: 'tour', title: 'Tour', create: createTour },
];
let selected = views[0];
/** Views of this method that have been seen: what they show stays. Code is written anew, for the call as it is. @type {Map<string, HTMLElement>} */
const made = new Map();

/** @param {typeof selected} view */
function selectView(view = views[0]) {
  selected = view;
  for (const tab of byId('tabs', HTMLElement).children) {
    const isSelected = tab.id === `tab-${view?.id}`;
    tab.setAttribute('aria-selected', String(isSelected));
    tab.setAttribute('tabindex', isSelected ? '0' : '-1');
  }
  const panel = byId('view', HTMLElement);
  panel.setAttribute('aria-labelledby', `tab-${view?.id}`);
  if (view === undefined) return;
  const shown = (view.id !== 'code' && made.get(view.id)) || view.create(page);
  made.set(view.id, shown);
  panel.replaceChildren(shown);
  if (method !== undefined) history.replaceState(null, '', addressOf());
}

function createTabs() {
  const tabs = views.map((view, index) => {
    const keydown = (/** @type {KeyboardEvent} */ event) => {
      const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
      const next = views[(index + step + views.length) % views.length];
      if (step === 0 || next === undefined) return;
      selectView(next);
      document.getElementById(`tab-${next.id}`)?.focus();
    };
    const click = () => selectView(view);
    return h(
      'button',
      { type: 'button', role: 'tab', id: `tab-${view.id}`, 'aria-controls': 'view', click, keydown },
      view.title,
    );
  });
  byId('tabs', HTMLElement).replaceChildren(...tabs);
}

/** `#Library.GetBook?message={…}&view=measure` */
function readAddress() {
  const [name = '', query = ''] = location.hash.slice(1).split('?');
  const parameters = new URLSearchParams(query);
  const text = parameters.get('message');
  return {
    name: decodeURIComponent(name),
    message: text === null ? undefined : JSON.parse(text),
    view: parameters.get('view'),
    over: parameters.get('protocols')?.split(','),
  };
}

async function load() {
  methods = await get('methods');
  createTabs();
  const { name, message, view, over } = readAddress();
  createProtocols(over);
  selected = views.find(({ id }) => id === view) ?? views[0];
  const wanted = methods.find((one) => one.name === name || (name !== '' && one.name.endsWith(`.${name}`)));
  createPicker(methods, (next) => choose(next).catch(showProblem));
  const first = wanted ?? methods.find(({ kind, isRepeatable }) => kind === 'unary' && isRepeatable) ?? methods[0];
  if (first === undefined) throw new Error('the gateway serves no methods');
  byId('method', HTMLInputElement).value = first.name;
  await choose(first, wanted === undefined ? undefined : message);
}

load().catch((error) => {
  about.textContent = `The page cannot be used: ${problemText(error)}`;
});
addEventListener('hashchange', () => location.reload());
