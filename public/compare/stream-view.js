// @ts-check
// A stream of replies by each protocol and framing at once, on one axis of time.
import { button, bytesText, h, problemText, table } from '../shared/dom.js';
import { fromBase64, post } from './api.js';
import { fetchCall } from './browser-call.js';
import { nameOf, timeline } from './charts.js';
import { answersWithStream } from './kinds.js';
import { openFeed } from './stream-feed.js';

/** @typedef {import('./types.js').HttpCall} HttpCall */
/** @typedef {import('./types.js').Chosen} Chosen */
/** @typedef {import('./stream-feed.js').Feed} Feed */
/**
 * `label` is by what the gateway knows the lane's call.
 * @typedef {{ name: string, label: string, className: string, times: number[], unit: string, bytes: number, note: string, run: (lane: any, signal: AbortSignal) => Promise<string> }} Lane
 */

/** @param {{ chosen: () => Chosen, check: () => Promise<any>, methods: () => readonly import('./types.js').Method[], choose: (method: any) => Promise<void> }} page */
export function createStreamView({ chosen, check, methods, choose }) {
  const status = h('p', { role: 'status', class: 'status' });
  const place = h('div');
  const isSlow = h('input', { type: 'checkbox', id: 'slow' });
  let controller = new AbortController();
  const cancel = button('Cancel all', () => controller.abort(), { hidden: true });
  const run = button('Start the streams', () => void go(), { class: 'main' });

  const go = async () => {
    const prepared = await check();
    if (prepared === undefined) return;
    controller = new AbortController();
    const { signal } = controller;
    const isSlowly = isSlow.checked;
    [run.hidden, cancel.hidden] = [true, false];
    status.textContent = 'Running…';
    const feed = openFeed({ ...chosen().request, slow: isSlowly }, signal);
    const lanes = lanesOf(chosen(), prepared.http, feed, () => (isSlowly ? pause() : undefined));
    const start = performance.now();
    let isRunning = true;
    const draw = () => {
      const drawn = timeline('Messages over time', lanes, performance.now() - start);
      place.replaceChildren(drawn, notesTable(lanes, feed), isSlowly ? h('p', { class: 'note' }, slowness) : '');
    };
    const redraw = () => {
      if (!isRunning) return;
      draw();
      setTimeout(redraw, 100);
    };
    redraw();
    await Promise.all(lanes.map((lane) => follow(lane, signal, start)));
    await feed.close();
    isRunning = false;
    draw();
    [run.hidden, cancel.hidden] = [false, true];
    status.textContent = signal.aborted
      ? 'Cancelled: the gateway has cancelled the calls upstream.'
      : 'All have ended.';
  };

  if (!answersWithStream(chosen().method)) {
    const streams = methods().filter(answersWithStream);
    const choices = streams.slice(0, 10).map((method) =>
      h(
        'li',
        {},
        button(method.name, () => void choose(method)),
      ),
    );
    const text =
      streams.length === 0
        ? 'No method answers with a stream.'
        : 'This method answers with one message. These answer with a stream:';
    return h('section', {}, h('p', {}, text), h('ul', {}, ...choices));
  }
  const slow = h(
    'div',
    {},
    isSlow,
    ' ',
    h('label', { for: 'slow', class: 'inline' }, 'Read slowly: wait after each piece, which holds the sender back'),
  );
  const note =
    'REST, gRPC-Web and Connect by this browser; gRPC by the gateway, since browsers cannot. All begin at once.';
  return h(
    'section',
    {},
    h('div', { class: 'row' }, run, cancel, slow),
    h('p', { class: 'note' }, note),
    status,
    place,
  );
}

const slowness =
  'While the reader waits, the buffers between fill; then the gateway reads no more of the upstream, whose window of HTTP/2 is used up, and what it has given grows no longer. A page cannot read a WebSocket slowly: all of it comes.';

const pause = () => new Promise((resolve) => setTimeout(resolve, 200));

/** @param {Lane} lane @param {AbortSignal} signal @param {number} start */
async function follow(lane, signal, start) {
  try {
    lane.note = await lane.run(lane, signal);
  } catch (error) {
    const after = `after ${Math.round(performance.now() - start)} ms and ${lane.times.length} ${lane.unit}`;
    lane.note = signal.aborted ? `cancelled ${after}` : `${problemText(error)} ${after}`;
  }
}

/** @param {Lane} lane @param {number} atMs @param {number} bytes */
function came(lane, atMs, bytes) {
  lane.times.push(atMs);
  lane.bytes += bytes;
}

/** @param {readonly Lane[]} lanes @param {Feed} feed */
function notesTable(lanes, feed) {
  return table(
    'How they went',
    ['', 'Given by the upstream', 'Came', 'End'],
    lanes.map(({ name, label, times, unit, bytes, note }) => {
      const given = feed.given(label);
      const givenText = given === undefined ? '–' : `${given.messages} messages, ${bytesText(given.bytes)}`;
      return [name, givenText, `${times.length} ${unit}, ${bytesText(bytes)}`, note];
    }),
  );
}

const framings = /** @type {const} */ ([
  ['REST, array', 'application/json'],
  ['REST, NDJSON', 'application/x-ndjson'],
  ['REST, SSE', 'text/event-stream'],
]);

/** @param {Chosen} chosen @param {readonly HttpCall[]} http @param {Feed} feed @param {() => unknown} wait @returns {Lane[]} */
function lanesOf({ method }, http, feed, wait) {
  const lane = (/** @type {string} */ name, /** @type {string} */ className, /** @type {Lane['run']} */ run) => ({
    name,
    label: name.toLowerCase().replace(/\W+/g, '-'),
    className,
    times: /** @type {number[]} */ ([]),
    unit: 'messages',
    bytes: 0,
    note: '',
    run,
  });
  const byFetch = (/** @type {HttpCall} */ call, /** @type {string} */ name, /** @type {string} */ accept) =>
    lane(name, call.protocol, async (own, signal) => {
      const onPiece = async (/** @type {Uint8Array} */ bytes, /** @type {number} */ atMs) => {
        own.unit = 'pieces';
        own.times.push(atMs);
        own.bytes += bytes.length;
        await wait();
      };
      const mark = `${await feed.begun}${own.label}`;
      const answer = await fetchCall(call, { signal, onPiece, mark, ...(accept !== '' && { accept }) });
      const read = await post('answer', { method: method.name, protocol: call.protocol, ...answer });
      own.unit = 'messages';
      own.times = read.messages.map((/** @type {{ atMs: number }} */ { atMs }) => atMs);
      return `${read.status.code}${read.status.message ? `: ${read.status.message}` : ''}`;
    });
  const rest = http.find(({ protocol }) => protocol === 'rest');
  return [
    ...(rest === undefined ? [] : framings.map(([name, accept]) => byFetch(rest, name, accept))),
    ...(rest === undefined
      ? []
      : [lane('WebSocket', 'rest', (own, signal) => webSocket(rest, framesOf(method, rest), own, signal))]),
    ...http.filter(({ protocol }) => protocol !== 'rest').map((call) => byFetch(call, nameOf(call.protocol), '')),
    ...['grpc', 'grpc-direct'].map((protocol) => ({
      ...lane(nameOf(protocol), protocol, (own) => feed.follow(protocol, (atMs, bytes) => came(own, atMs, bytes))),
      label: protocol,
    })),
  ];
}

/** The body of the call over REST as frames of a WebSocket. An empty one ends a stream of requests. @param {Chosen['method']} method @param {HttpCall} rest */
function framesOf({ kind }, { body }) {
  const text = new TextDecoder().decode(fromBase64(body));
  if (kind === 'server stream') return text === '' ? [] : [text];
  return [...(text === '' ? [] : JSON.parse(text).map((/** @type {unknown} */ each) => JSON.stringify(each))), ''];
}

/** @param {HttpCall} call @param {readonly string[]} frames @param {Lane} lane @param {AbortSignal} signal @returns {Promise<string>} */
function webSocket({ target }, frames, lane, signal) {
  const start = performance.now();
  const socket = new WebSocket(new URL(target, location.href.replace(/^http/, 'ws')));
  signal.addEventListener('abort', () => socket.close());
  socket.onopen = () => {
    for (const frame of frames) socket.send(frame);
  };
  return new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      if (!/^\{"error":/.test(String(data))) came(lane, performance.now() - start, data.size ?? data.length);
    };
    socket.onclose = ({ code, reason }) => {
      if (signal.aborted) reject(new Error('cancelled'));
      else resolve(code === 1000 ? 'OK' : `${code} ${reason}`);
    };
  });
}
