// @ts-check
// A stream of replies by each protocol and framing at once, on one axis of time.
import { button, h, problemText, table } from '../shared/dom.js';
import { fromBase64, lines, post } from './api.js';
import { fetchCall } from './browser-call.js';
import { nameOf, timeline } from './charts.js';
import { answersWithStream } from './kinds.js';

/** @typedef {import('./types.js').HttpCall} HttpCall */
/** @typedef {import('./types.js').Chosen} Chosen */
/** @typedef {{ name: string, className: string, times: number[], note: string, run: (lane: any, signal: AbortSignal) => Promise<string> }} Lane */

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
    const lanes = lanesOf(chosen(), prepared.http, () => (isSlow.checked ? pause() : undefined));
    const start = performance.now();
    let isRunning = true;
    const draw = () => {
      place.replaceChildren(timeline('Messages over time', lanes, performance.now() - start), notesTable(lanes));
    };
    const redraw = () => {
      if (!isRunning) return;
      draw();
      setTimeout(redraw, 100);
    };
    [run.hidden, cancel.hidden] = [true, false];
    status.textContent = 'Running…';
    redraw();
    await Promise.all(lanes.map((lane) => follow(lane, signal, start)));
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

const pause = () => new Promise((resolve) => setTimeout(resolve, 200));

/** @param {Lane} lane @param {AbortSignal} signal @param {number} start */
async function follow(lane, signal, start) {
  try {
    lane.note = await lane.run(lane, signal);
  } catch (error) {
    const after = `after ${Math.round(performance.now() - start)} ms and ${lane.times.length} pieces`;
    lane.note = signal.aborted ? `cancelled ${after}` : `${problemText(error)} ${after}`;
  }
}

/** @param {readonly Lane[]} lanes */
function notesTable(lanes) {
  return table(
    'How they went',
    ['', 'Came', 'End'],
    lanes.map(({ name, times, note }) => [name, String(times.length), note]),
  );
}

const framings = /** @type {const} */ ([
  ['REST, array', 'application/json'],
  ['REST, NDJSON', 'application/x-ndjson'],
  ['REST, SSE', 'text/event-stream'],
]);

/** @param {Chosen} chosen @param {readonly HttpCall[]} http @param {() => unknown} wait @returns {Lane[]} */
function lanesOf({ method, request }, http, wait) {
  const lane = (/** @type {string} */ name, /** @type {string} */ className, /** @type {Lane['run']} */ run) => ({
    name,
    className,
    times: /** @type {number[]} */ ([]),
    note: '',
    run,
  });
  const byFetch = (/** @type {HttpCall} */ call, /** @type {string} */ name, /** @type {string} */ accept) =>
    lane(name, call.protocol, async (own, signal) => {
      const onPiece = async (/** @type {Uint8Array} */ _bytes, /** @type {number} */ atMs) => {
        own.times.push(atMs);
        await wait();
      };
      const answer = await fetchCall(call, { signal, onPiece, ...(accept !== '' && { accept }) });
      const read = await post('answer', { method: method.name, protocol: call.protocol, ...answer });
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
    ...nativeLanes(lane, request, wait),
  ];
}

/**
 * Both of gRPC come in one answer.
 * @param {(name: string, className: string, run: Lane['run']) => Lane} lane @param {Chosen['request']} request @param {() => unknown} wait
 */
function nativeLanes(lane, request, wait) {
  /** @type {Map<string, string>} */
  const ends = new Map();
  /** @type {Promise<void> | undefined} */
  let reading;
  const read = async (/** @type {AbortSignal} */ signal) => {
    for await (const { protocol, kind, atMs, code, message } of lines('streams', request, signal)) {
      if (kind === 'end') ends.set(protocol, `${code}${message ? `: ${message}` : ''}`);
      else lanes.find(({ className }) => className === protocol)?.times.push(atMs);
      await wait();
    }
  };
  const lanes = ['grpc', 'grpc-direct'].map((protocol) =>
    lane(nameOf(protocol), protocol, async (_own, signal) => {
      reading ??= read(signal);
      await reading;
      return ends.get(protocol) ?? 'not there for this method';
    }),
  );
  return lanes;
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
      if (!/^\{"error":/.test(String(data))) lane.times.push(performance.now() - start);
    };
    socket.onclose = ({ code, reason }) => {
      if (signal.aborted) reject(new Error('cancelled'));
      else resolve(code === 1000 ? 'OK' : `${code} ${reason}`);
    };
  });
}
