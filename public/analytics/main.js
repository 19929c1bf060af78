// @ts-check
// The page: asks for a report every two seconds, and shows it.
import { byId, h, problemText } from '../shared/dom.js';
import { clockText } from './texts.js';
import { callersView, courseView, errorsView, methodsView, summaryView, upstreamsView } from './views.js';

/** @typedef {import('./types.js').Report} Report */

const base = document.body.dataset.base ?? '/analytics';
const everyMs = 2000;

const method = byId('method', HTMLSelectElement);
const span = byId('span', HTMLSelectElement);
const pause = byId('pause', HTMLButtonElement);
const problem = byId('problem', HTMLElement);
let isPaused = false;
let timer = 0;
/** Of the question that counts: what is chosen meanwhile asks another. */
let asking = 0;

/** @returns {Promise<Report>} */
async function ask() {
  const query = new URLSearchParams({ seconds: span.value, method: method.value });
  const response = await fetch(`${base}/report?${query}`);
  if (!response.ok) throw new Error(`The gateway answers ${response.status}: what is shown is no longer true.`);
  return response.json();
}

async function refresh() {
  clearTimeout(timer);
  const at = ++asking;
  try {
    const report = await ask();
    if (at !== asking) return;
    show(report);
    say('');
  } catch (error) {
    if (at === asking) say(error instanceof TypeError ? 'The gateway does not answer.' : problemText(error));
  }
  if (!isPaused && !document.hidden) timer = setTimeout(refresh, everyMs);
}

/** Only what is new is said, or it would be read out each time. @param {string} text */
function say(text) {
  if (problem.textContent !== text) problem.textContent = text;
}

/** @param {Report} report */
function show(report) {
  const { now, since, processes, isComplete, methods, total } = report;
  offer(methods.map((each) => each.method).sort());
  const chosen = methods.find((each) => each.method === method.value);
  const none = {
    ...total,
    calls: 0,
    errors: 0,
    codes: {},
    latencyMs: undefined,
    protobufBytes: 0,
    jsonBytes: undefined,
  };
  const of = processes === 1 ? '' : `, of ${processes} processes`;
  const rest = isComplete ? '' : ' The others have not answered.';
  byId('as-of', HTMLElement).textContent = `Calls since ${clockText(since)}, as of ${clockText(now)}${of}.${rest}`;
  byId('summary-title', HTMLElement).textContent = method.value || 'All methods';
  fill('summary', summaryView(method.value === '' ? total : (chosen ?? none), report));
  fill('course', courseView(report, Number(span.value)));
  fill('methods-view', methodsView(report, choose));
  fill('errors', errorsView(report, method.value));
  fill('callers', callersView(report));
  fill('upstreams', upstreamsView(report));
}

/** @param {string} name */
function choose(name) {
  method.value = name;
  void refresh();
  method.focus();
}

/** The methods to choose from; the chosen one stays though it is not called now. @param {readonly string[]} names */
function offer(names) {
  const wanted = method.value === '' || names.includes(method.value) ? names : [method.value, ...names];
  const known = [...method.options].slice(1).map(({ value }) => value);
  if (wanted.join() === known.join()) return;
  const { value } = method;
  const options = wanted.map((name) => h('option', { value: name }, name));
  method.replaceChildren(h('option', { value: '' }, 'All methods'), ...options);
  method.value = value;
}

/** Puts new content in a part of the page; who reads or scrolls there stays where they are. @param {string} id @param {readonly Node[]} children */
function fill(id, children) {
  const part = byId(id, HTMLElement);
  const focused = part.contains(document.activeElement) ? keyOf(document.activeElement) : undefined;
  const scrolled = [...part.querySelectorAll('.scroll')].map(({ scrollLeft }) => scrollLeft);
  part.replaceChildren(...children);
  for (const [index, region] of part.querySelectorAll('.scroll').entries()) region.scrollLeft = scrolled[index] ?? 0;
  if (focused === undefined) return;
  for (const element of part.querySelectorAll('[tabindex], [data-key]')) {
    if (element instanceof HTMLElement && keyOf(element) === focused) element.focus({ preventScroll: true });
  }
}

/** @param {Element | null} element */
const keyOf = (element) => element?.getAttribute('data-key') ?? element?.getAttribute('aria-label') ?? undefined;

pause.addEventListener('click', () => {
  isPaused = !isPaused;
  pause.setAttribute('aria-pressed', String(isPaused));
  if (isPaused) clearTimeout(timer);
  else void refresh();
});
method.addEventListener('change', refresh);
span.addEventListener('change', refresh);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !isPaused) void refresh();
});
void refresh();
