// @ts-check
// One call over every protocol: the answers beside each other, and of each protocol everything that can be seen.

import { button, bytesText, h, msText, problemText, table } from '../shared/dom.js';
import { post } from './api.js';
import { callFromBrowser } from './browser-call.js';
import { bytesChart, nameOf, timeChart } from './charts.js';
import { allBytes, callHeadline, measureEnough } from './headline.js';
import { messageView, rawView } from './hex.js';

/** @typedef {import('./types.js').Call} Call */
/** @typedef {import('./types.js').Result} Result */
/** @typedef {import('./types.js').Comparison} Comparison */
/** @typedef {import('./types.js').Chosen} Chosen */

/** @param {{ chosen: () => Chosen, check: () => Promise<import('./types.js').Prepared | undefined>, measure: (runs: number) => void }} page */
export function createCallView(page) {
  const { chosen, check } = page;
  const status = h('p', { role: 'status', class: 'status' });
  const place = h('div');
  const run = button('Call it', () => void go(), { class: 'main' });
  const go = async () => {
    run.setAttribute('aria-disabled', 'true');
    try {
      const prepared = await check();
      if (prepared === undefined) return;
      status.textContent = 'Calling…';
      status.classList.remove('good', 'bad');
      const { method, request } = chosen();
      const comparison = /** @type {Comparison} */ (await post('compare', request));
      const parts = comparisonParts(comparison, request.message, method.isRepeatable ? measureEnough(page) : undefined);
      place.replaceChildren(...parts.filter((part) => part !== undefined));
      tellSameness(status, comparison);
      // The button stands where the answer is read from.
      row.scrollIntoView({ block: 'start' });
      if (method.isRepeatable) place.append(await browserPart(method.name, prepared, comparison));
    } catch (error) {
      status.textContent = `The call cannot be made: ${problemText(error)}`;
    } finally {
      run.removeAttribute('aria-disabled');
    }
  };
  const what =
    'Calls it twice over each protocol on one connection, where it changes nothing, and shows what gRPC saves and costs.';
  const row = h('div', { class: 'row' }, run, h('p', { class: 'note' }, what));
  return h('section', {}, row, status, place);
}

/** @param {Result} result */
const shownCall = ({ warm, cold }) => warm ?? cold;

/** @param {Comparison} comparison @param {unknown} message @param {(() => void) | undefined} measure */
function comparisonParts(comparison, message, measure) {
  const { results } = comparison;
  const answered = results.flatMap((result) => {
    const call = shownCall(result);
    return call === undefined ? [] : [{ name: nameOf(result.protocol), call }];
  });
  return [
    verdict(comparison, measure !== undefined),
    callHeadline(results, measure),
    bytesChart(answered),
    timeChart(answered),
    summary(results),
    ...results.map((result) => protocolPart(result, message)),
  ];
}

/** @param {HTMLElement} status @param {Comparison} comparison */
function tellSameness(status, { results, differences }) {
  const count = results.filter(({ cold }) => cold !== undefined).length;
  const isSame = differences.length === 0;
  const text = isSame ? `The same answer over all ${count}.` : 'The answers differ.';
  status.textContent = count < 2 ? `Called; answers: ${count}.` : text;
  status.classList.add(isSame ? 'good' : 'bad');
}

/** @param {Comparison} comparison @param {boolean} isRepeatable */
function verdict({ results, differences }, isRepeatable) {
  const silent = results.filter(({ cold }) => cold === undefined);
  const failed = silent.map(({ protocol, problem }) =>
    h('p', { class: 'bad' }, `${nameOf(protocol)} gave no answer: ${problem}`),
  );
  if (differences.length === 0) return h('div', {}, ...failed, errorNote(results));
  const tables = differences.map(({ protocols: [left, right], differences: list }) =>
    table(
      `${nameOf(right)} answers otherwise than ${nameOf(left)}`,
      ['Field', nameOf(left), nameOf(right)],
      list.slice(0, 50).map((one) => [h('code', {}, one.path || 'all'), textOf(one.left), textOf(one.right)]),
    ),
  );
  return h(
    'div',
    { class: 'bad box', role: 'alert' },
    ...failed,
    h('p', {}, h('strong', {}, 'The answers differ.'), isRepeatable ? '' : changing),
    ...tables,
  );
}

const changing =
  ' The method may change something: each call has met what those before it have left, such as a name that was taken by then.';

/** An error has figures as well, which are not those of an answer. @param {readonly Result[]} results */
function errorNote(results) {
  const status = results.map((result) => shownCall(result)?.status).find((each) => each !== undefined);
  if (status === undefined || status.code === 'OK') return undefined;
  const text = ` ${status.message}. The figures are those of an error: fill in a request that is answered to see your data.`;
  return h('p', { class: 'bad' }, h('strong', {}, status.code), text);
}

/** @param {unknown} value */
const textOf = (value) => (value === undefined ? 'nothing' : JSON.stringify(value));

/** @param {readonly Result[]} results */
function summary(results) {
  const row = (/** @type {string} */ name, /** @type {(call: Call) => string} */ of) => [
    name,
    ...results.map((result) => {
      const call = shownCall(result);
      return call === undefined ? '–' : of(call);
    }),
  ];
  const first = (/** @type {(call: Call) => string} */ of) =>
    results.map(({ cold }) => (cold === undefined ? '–' : of(cold)));
  return table(
    'The figures',
    ['', ...results.map(({ protocol }) => nameOf(protocol))],
    [
      row(
        'Status',
        ({ status, httpStatus }) => `${status.code}${httpStatus === undefined ? '' : ` (HTTP ${httpStatus})`}`,
      ),
      row('Messages', ({ count }) => String(count)),
      row(
        'Request, head and body',
        ({ bytes }) => `${bytesText(bytes.request.head)} + ${bytesText(bytes.request.body)}`,
      ),
      row(
        'Response, head and body',
        ({ bytes }) => `${bytesText(bytes.response.head)} + ${bytesText(bytes.response.body)}`,
      ),
      row('Bodies, were they gzipped', ({ gzipped: { request, response } }) =>
        [request, response].map((bytes) => (bytes === undefined ? '–' : bytesText(bytes))).join(' + '),
      ),
      row('HTTP/2 control', ({ bytes }) => bytesText(bytes.request.control + bytes.response.control)),
      row('All bytes', (call) => bytesText(allBytes(call))),
      ['All bytes, first call on a connection', ...first((call) => bytesText(allBytes(call)))],
      ['Connect', ...first(({ timing }) => msText(timing.connectMs))],
      row('First byte', ({ timing }) => msText(timing.firstByteMs)),
      row('Last byte', ({ timing }) => msText(timing.totalMs)),
      row('In the gateway: reading and writing', ({ timing: { inside } }) =>
        msText(inside && inside.bindMs + inside.renderMs),
      ),
    ],
  );
}

/** @param {Result} result @param {unknown} message */
function protocolPart(result, message) {
  const call = shownCall(result);
  const name = nameOf(result.protocol);
  if (call === undefined)
    return h('details', { class: 'protocol' }, h('summary', {}, `${name}: no answer`), result.problem);
  const { status, messages } = call;
  const title = `${name}: ${status.code}, ${bytesText(allBytes(call))}, ${msText(call.timing.totalMs)}`;
  const own = messages.slice(0, 5).flatMap(({ wire, value }, index) => {
    const heading = call.count === 1 ? 'Response' : `Response ${index + 1}`;
    if (wire !== undefined && result.protocol !== 'rest') return [messageView(heading, wire, value)];
    return [h('h4', {}, heading), h('pre', { class: 'json' }, JSON.stringify(value, undefined, 2))];
  });
  return h(
    'details',
    { class: 'protocol' },
    h('summary', {}, title),
    statusPart(status),
    ...call.requests.slice(0, 5).map((bytes, index) => {
      const sent = Array.isArray(message) ? message[index] : message;
      return messageView(call.requests.length === 1 ? 'Request' : `Request ${index + 1}`, bytes, sent);
    }),
    ...own,
    pairs('Response headers', call.headers),
    pairs('Response trailers', call.trailers),
    framesTable(call),
    rawView('Sent', call.sent),
    rawView('Received', call.received),
  );
}

/** @param {import('./types.js').Status} status */
function statusPart({ code, message, details }) {
  if (code === 'OK') return undefined;
  const shown = details.length === 0 ? undefined : h('pre', { class: 'json' }, JSON.stringify(details, undefined, 2));
  return h('div', {}, h('p', {}, h('strong', {}, code), ` ${message}`), shown);
}

/** @param {string} title @param {readonly [string, string][]} list */
function pairs(title, list) {
  return list.length === 0
    ? undefined
    : table(
        title,
        ['Name', 'Value'],
        list.map(([name, value]) => [name, value]),
      );
}

/** @param {Call} call */
function framesTable({ frames }) {
  if (frames.length === 0) return undefined;
  const rows = frames.map(({ atMs, direction, type, streamId, flags, bytes, headers, plainBytes }) => [
    msText(atMs),
    direction === 'sent' ? '→' : '←',
    type,
    String(streamId),
    flags.join(' '),
    `${bytes} B${plainBytes === undefined ? '' : ` (${plainBytes} B of text)`}`,
    headers === undefined ? '' : headers.map(([name, value]) => `${name}: ${value}`).join('\n'),
  ]);
  return table('HTTP/2 frames', ['When', '', 'Frame', 'Stream', 'Flags', 'Bytes', 'Headers'], rows);
}

/** @param {string} method @param {import('./types.js').Prepared} prepared @param {Comparison} comparison */
async function browserPart(method, { http }, comparison) {
  const reference = comparison.results.map(shownCall).find((call) => call !== undefined);
  const rows = [];
  let isSame = true;
  for (const call of http) {
    try {
      const { protocol, firstByteMs, totalMs, status, said } = await callFromBrowser(method, call);
      const same = said === reference?.said;
      isSame &&= same;
      rows.push([nameOf(protocol), status.code, msText(firstByteMs), msText(totalMs), same ? 'the same' : 'DIFFERS']);
    } catch (error) {
      rows.push([nameOf(call.protocol), problemText(error), '–', '–', 'no answer']);
    }
  }
  const shown = table('From this browser, by fetch', ['', 'Status', 'First byte', 'Last byte', 'Answer'], rows);
  return isSame
    ? shown
    : h('div', { class: 'bad box', role: 'alert' }, h('p', {}, 'An answer to this browser differs.'), shown);
}
