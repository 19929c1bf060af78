// @ts-check
// What the protocols differ in, each shown by a measurement of the reader's own call, made on the spot.

import { button, bytesText, h, msText, problemText, table } from '../shared/dom.js';
import { post } from './api.js';
import { bars, nameOf, plot } from './charts.js';
import { allBytes } from './headline.js';
import { kindsPanel } from './tour-kinds.js';

/** @typedef {import('./types.js').Chosen} Chosen */
/** @typedef {import('./types.js').Comparison} Comparison */
/** @typedef {import('./types.js').WireField} WireField */
/** @typedef {{ chosen: () => Chosen, check: () => Promise<any>, methods: () => readonly import('./types.js').Method[], choose: (method: any) => Promise<void> }} Page */
/** @typedef {{ id: string, title: string, text: string, show: (page: Page) => Promise<(Node | string)[]> }} Panel */

/** @param {Page} page @param {string} lesson @returns {Promise<any>} */
const learn = ({ chosen }, lesson) => post('lesson', { ...chosen().request, protocols: undefined, lesson });

/** @param {Page} page @returns {Promise<Comparison>} */
const compare = ({ chosen }) => post('compare', { ...chosen().request, protocols: undefined });

/** @type {readonly Panel[]} */
const panels = [
  {
    id: 'multiplexing',
    title: 'Many calls on one connection',
    text: 'HTTP/1.1 takes one call after the other on a connection, and browsers open six. HTTP/2 interleaves the frames of all calls on one.',
    show: async (page) => {
      const results = /** @type {any[]} */ (await learn(page, 'multiplexing'));
      const rows = results.map(({ protocol, connections, elapsedMs }) => ({
        name: `${nameOf(protocol)}, ${connections}×`,
        parts: [{ name: 'until the last answer', value: elapsedMs, className: 'body' }],
      }));
      const seen = results.map(
        ({ protocol, connections, calls, elapsedMs }) =>
          `${calls} calls on ${connections} of ${protocol === 'rest' ? 'HTTP/1.1' : 'HTTP/2'}: ${msText(elapsedMs)}`,
      );
      return [bars('50 calls asked for at once, by connections', rows, msText), h('p', {}, `${seen.join('; ')}.`)];
    },
  },
  {
    id: 'headers',
    title: 'Headers said once',
    text: 'HTTP/2 remembers the headers of a connection (HPACK): the next call names those that are the same by a number. HTTP/1.1 writes them out each time.',
    show: async (page) => {
      const results = /** @type {any[]} */ (await learn(page, 'headers'));
      const lines = results.map(({ protocol, bytes }) => ({
        name: nameOf(protocol),
        className: protocol,
        points: bytes.map((/** @type {number} */ value, /** @type {number} */ index) => [index + 1, value]),
      }));
      const rows = results.map(({ protocol, bytes }) => [
        nameOf(protocol),
        bytesText(bytes[0]),
        bytesText(bytes[1]),
        bytesText(bytes.at(-1)),
      ]);
      return [
        plot('Bytes of the request’s head, call by call', lines, {
          x: (call) => `call ${Math.round(call)}`,
          y: bytesText,
        }),
        table('The head of', ['', 'the first call', 'the second', 'the hundredth'], rows),
      ];
    },
  },
  {
    id: 'flow',
    title: 'Flow control',
    text: 'A receiver of HTTP/2 says how many bytes it will take, of each call and of all: SETTINGS and WINDOW_UPDATE. A sender that has used them up waits, so that one slow call fills nobody’s memory and holds up no other call.',
    show: async (page) => {
      const { results } = await compare(page);
      const call = results.find(({ protocol }) => protocol === 'grpc')?.cold;
      if (call === undefined) return ['The gateway does not speak gRPC.'];
      const of = (/** @type {string} */ direction, /** @type {string} */ type) =>
        call.frames.filter((frame) => frame.direction === direction && frame.type === type);
      const rows = ['SETTINGS', 'WINDOW_UPDATE', 'DATA', 'HEADERS'].map((type) => {
        const [sent, received] = [of('sent', type), of('received', type)];
        const bytes = [...sent, ...received].reduce((sum, frame) => sum + frame.bytes, 0);
        return [type, String(sent.length), String(received.length), bytesText(bytes)];
      });
      const windows = of('sent', 'WINDOW_UPDATE').length;
      return [
        table('Frames of your call on a new connection', ['', 'Sent', 'Received', 'Bytes'], rows),
        h(
          'p',
          {},
          `The client has opened its windows ${windows === 1 ? 'once' : `${windows} times`} for ${bytesText(call.bytes.response.body)} of answer. A larger answer, or a stream, opens them again and again; a reader that is slow does not.`,
        ),
      ];
    },
  },
  {
    id: 'evolution',
    title: 'Numbers instead of names',
    text: 'Protobuf writes a field’s number, JSON its name. A client with an older schema skips the numbers that it does not know, and keeps their bytes.',
    show: async (page) => {
      const { results } = await compare(page);
      const wire = results.find(({ protocol }) => protocol === 'grpc')?.cold?.messages[0];
      if (wire?.wire === undefined) return ['The answer has no message. Choose a call that is answered with one.'];
      return evolution(wire.wire, wire.value);
    },
  },
  {
    id: 'deadlines',
    title: 'Deadlines',
    text: 'A gRPC client says how long it will wait; the gateway and the upstream are told, and stop working when nobody waits any more. Connect and REST can say it as well, by headers of their own.',
    show: async (page) => {
      const results = /** @type {any[]} */ (await learn(page, 'deadlines'));
      const ways = /** @type {Record<string, string>} */ ({
        rest: 'x-server-timeout: 0.001',
        'grpc-web': 'grpc-timeout: 1m',
        connect: 'connect-timeout-ms: 1',
      });
      const rows = results.map(({ protocol, code, totalMs }) => [
        nameOf(protocol),
        h('code', {}, ways[protocol] ?? ''),
        code,
        msText(totalMs),
      ]);
      const late = results.filter(({ code }) => code === 'DEADLINE_EXCEEDED').length;
      const seen =
        late === 0
          ? 'Your upstream has answered in time, each time: choose a slower method to see one given up.'
          : `${late} of ${results.length} were given up.`;
      return [
        table('Your call with a millisecond to live', ['', 'Said by', 'Ended with', 'After'], rows),
        h('p', {}, seen),
      ];
    },
  },
  kindsPanel,
  {
    id: 'table',
    title: 'All in one table',
    text: 'What each protocol is, with the figures of your call.',
    show: async (page) => {
      const { results } = await compare(page);
      const rows = results.map(({ protocol, warm, cold }) => {
        const call = warm ?? cold;
        const [transport, format, streams, languages] = facts[protocol] ?? [];
        return [
          nameOf(protocol),
          transport,
          format,
          call === undefined ? '–' : bytesText(allBytes(call)),
          msText(call?.timing.totalMs),
          streams,
          languages,
        ];
      });
      return [
        table(
          'REST, gRPC and what stands between',
          ['', 'Over', 'Format', 'Bytes', 'This call', 'Streams', 'Clients'],
          rows,
        ),
        h('p', { class: 'note' }, 'One call says little about time: “Many calls” measures it.'),
      ];
    },
  },
];

const facts = /** @type {Record<string, readonly string[]>} */ ({
  rest: [
    'HTTP/1.1 or HTTP/2',
    'JSON: names and text',
    'replies; both ways by WebSocket',
    'any that speaks HTTP, caches and proxies too',
  ],
  grpc: ['HTTP/2', 'protobuf: numbers and bytes', 'both ways', 'generated, in a dozen languages; no browsers'],
  'grpc-direct': ['HTTP/2', 'protobuf: numbers and bytes', 'both ways', 'the same, without the gateway'],
  'grpc-web': ['HTTP/1.1 or HTTP/2', 'protobuf in frames, trailers in the body', 'replies', 'generated, for browsers'],
  connect: [
    'HTTP/1.1 or HTTP/2',
    'protobuf or JSON, without frames where there is one message',
    'replies; both ways over HTTP/2',
    'generated; curl for single messages',
  ],
});

/** @param {import('./types.js').Bytes} wire @param {unknown} value */
function evolution({ fields, length }, value) {
  const numbers = [...new Set(fields.map(({ number }) => number))].sort((a, b) => a - b);
  const place = h('div', { role: 'status' });
  const slider = h('input', {
    type: 'range',
    id: 'known',
    min: 0,
    max: numbers.length,
    value: Math.ceil(numbers.length / 2),
  });
  const show = () => {
    const known = new Set(numbers.slice(0, Number(slider.value)));
    const [old, skipped] = [
      fields.filter(({ number }) => known.has(number)),
      fields.filter(({ number }) => !known.has(number)),
    ];
    const bytes = skipped.reduce((sum, { start, end }) => sum + end - start, 0);
    place.replaceChildren(
      h(
        'p',
        {},
        `The old client reads ${old.length} of ${fields.length} fields, and skips ${bytes} of ${length} bytes without knowing what they are.`,
      ),
      h(
        'ul',
        { class: 'fields' },
        ...fields.map((field) => h('li', { class: known.has(field.number) ? '' : 'note' }, fieldText(field, known))),
      ),
    );
  };
  slider.addEventListener('input', show);
  show();
  const names = namesIn(value);
  const tags = tagBytes(fields);
  return [
    h(
      'p',
      {},
      `Names take ${bytesText(names)} of the JSON of this answer; numbers, types and lengths take ${bytesText(tags)} of its protobuf.`,
    ),
    h('label', { for: 'known' }, 'Fields that the old schema has'),
    slider,
    place,
  ];
}

/** @param {WireField} field @param {ReadonlySet<number>} known */
function fieldText({ number, name, value, fields, wireType, start, end }, known) {
  if (!known.has(number)) return `${number}: unknown, ${wireType}, ${end - start} bytes kept`;
  return `${number}: ${name ?? ''} ${value ?? `(${fields.length} fields)`}`;
}

/** Bytes of the members' names with their marks. @param {unknown} value @returns {number} */
function namesIn(value) {
  if (typeof value !== 'object' || value === null) return 0;
  const entries = Object.entries(value);
  const own = Array.isArray(value)
    ? 0
    : entries.reduce((sum, [name]) => sum + new TextEncoder().encode(name).length + 3, 0);
  return entries.reduce((sum, [, each]) => sum + namesIn(each), own);
}

/** @param {readonly WireField[]} fields @returns {number} */
function tagBytes(fields) {
  return fields.reduce((sum, { start, valueStart, fields: inner }) => sum + valueStart - start + tagBytes(inner), 0);
}

/** @param {Page} page */
export function createTour(page) {
  const intro =
    'Each panel measures the call above, here and now. Your figures are of this machine and this call, and of no other.';
  return h('section', {}, h('p', { class: 'note' }, intro), ...panels.map((panel) => panelPart(panel, page)));
}

/** @param {Panel} panel @param {Page} page */
function panelPart({ id, title, text, show }, page) {
  const place = h('div', { role: 'status' });
  const run = async () => {
    place.replaceChildren('Measuring…');
    try {
      if ((await page.check()) === undefined) place.replaceChildren('The request has a wrong field.');
      else place.replaceChildren(...(await show(page)));
    } catch (error) {
      place.replaceChildren(h('p', { class: 'bad' }, problemText(error)));
    }
  };
  return h(
    'section',
    { class: 'protocol', 'aria-labelledby': `tour-${id}` },
    h('h3', { id: `tour-${id}` }, title),
    h('p', {}, text),
    button('See it', () => void run(), { 'aria-label': `See it: ${title}` }),
    place,
  );
}
