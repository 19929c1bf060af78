// @ts-check
// Small drawings. Each has its figures in words as well: a title for those who look, a label for those who listen.
import { bytesText, h, msText, svg } from '../shared/dom.js';
import { figure, width } from '../shared/figure.js';

export const protocolNames = /** @type {Record<string, string>} */ ({
  rest: 'REST',
  grpc: 'gRPC',
  'grpc-direct': 'gRPC, direct',
  'grpc-web': 'gRPC-Web',
  connect: 'Connect',
});

/** What each of them is. @type {Record<string, string>} */
export const protocolNotes = {
  rest: 'JSON over HTTP/1.1, as curl would call it',
  grpc: 'protobuf over HTTP/2, to this gateway',
  'grpc-direct': 'protobuf over HTTP/2, to the upstream itself, without this gateway',
  'grpc-web': 'protobuf in frames over HTTP/1.1, for browsers',
  connect: 'protobuf over HTTP/1.1, for browsers and servers',
};

/** @param {string} protocol */
export const nameOf = (protocol) => protocolNames[protocol] ?? protocol;

/** @typedef {{ name: string, value: number, className: string }} Part */

/**
 * Bars of parts, one a row, on one scale.
 * @param {string} label @param {readonly { name: string, parts: readonly Part[] }[]} rows @param {(value: number) => string} text
 */
export function bars(label, rows, text) {
  const most = Math.max(1e-9, ...rows.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0)));
  const [left, right, tall] = [110, 80, 26];
  const scale = (width - left - right) / most;
  const drawn = rows.flatMap(({ name, parts }, index) => {
    let x = left;
    const shapes = parts.map((part) => {
      const shape = svg(
        'rect',
        { x, y: index * tall + 4, width: part.value * scale, height: tall - 8, class: part.className },
        svg('title', {}, `${name}, ${part.name}: ${text(part.value)}`),
      );
      x += part.value * scale;
      return shape;
    });
    const total = parts.reduce((sum, { value }) => sum + value, 0);
    return [
      svg('text', { x: 0, y: index * tall + 18 }, name),
      ...shapes,
      svg('text', { x: x + 6, y: index * tall + 18 }, text(total)),
    ];
  });
  const names = [...new Map(rows.flatMap(({ parts }) => parts.map((part) => [part.name, part.className])))];
  const key = h(
    'p',
    { class: 'key' },
    ...names.flatMap(([name, className]) => [h('i', { class: className }), ` ${name} `]),
  );
  return figure(label, rows.length * tall, drawn, key);
}

/** The bytes of one call by protocol. @param {readonly { name: string, call: import('./types.js').Call }[]} calls */
export function bytesChart(calls) {
  const rows = calls.map(({ name, call: { bytes } }) => ({
    name,
    parts: [
      { name: 'request head', value: bytes.request.head, className: 'head' },
      { name: 'request body', value: bytes.request.body, className: 'body' },
      { name: 'response head', value: bytes.response.head, className: 'head second' },
      { name: 'response body', value: bytes.response.body, className: 'body second' },
      { name: 'HTTP/2 control', value: bytes.request.control + bytes.response.control, className: 'control' },
    ],
  }));
  return bars('Bytes on the wire, second call on a connection', rows, bytesText);
}

/** Where the time of one call went. @param {readonly { name: string, call: import('./types.js').Call }[]} calls */
export function timeChart(calls) {
  const rows = calls.map(({ name, call: { timing } }) => {
    const { connectMs, firstByteMs, totalMs, inside } = timing;
    const parts = connectMs === 0 ? [] : [{ name: 'connect', value: connectMs, className: 'control' }];
    const waiting = Math.max(0, firstByteMs - connectMs);
    if (inside === undefined)
      parts.push({ name: 'on the way and upstream', value: waiting, className: 'upstream second' });
    else {
      const known = inside.bindMs + inside.upstreamMs + inside.renderMs;
      // Those of a call of its own: where that one was slower, their shares are what can be said of this one.
      const fit = Math.min(1, waiting / (known || 1));
      parts.push(
        { name: 'on the way', value: Math.max(0, waiting - known), className: 'head' },
        { name: 'gateway: request read', value: inside.bindMs * fit, className: 'body' },
        { name: 'upstream', value: inside.upstreamMs * fit, className: 'upstream' },
        { name: 'gateway: answer written', value: inside.renderMs * fit, className: 'body second' },
      );
    }
    parts.push({
      name: 'until the last byte',
      value: Math.max(0, totalMs - Math.max(firstByteMs, connectMs)),
      className: 'head second',
    });
    return { name, parts };
  });
  return bars('Where the time went (inside the gateway: of a call of its own)', rows, msText);
}

/**
 * Lines over a common pair of axes.
 * @param {string} label @param {readonly { name: string, className: string, points: readonly (readonly [number, number])[] }[]} lines
 * @param {{ x: (value: number) => string, y: (value: number) => string, dots?: boolean, steps?: boolean }} how
 */
export function plot(label, lines, how) {
  const [left, top, tall] = [64, 8, 150];
  const all = lines.flatMap(({ points }) => points);
  const [minX, maxX] = extent(all.map(([x]) => x));
  const maxY = extent(all.map(([, y]) => y))[1] || 1;
  const placeX = (/** @type {number} */ x) => left + ((x - minX) / (maxX - minX || 1)) * (width - left - 16);
  const placeY = (/** @type {number} */ y) => top + tall - (y / maxY) * tall;
  const drawn = lines.flatMap(({ name, className, points }) => {
    if (how.dots) {
      const every = Math.ceil(points.length / 1500);
      const d = points.flatMap(([x, y], index) =>
        index % every === 0 ? `M${placeX(x).toFixed(1)} ${placeY(y).toFixed(1)}h0.01` : [],
      );
      return [svg('path', { d: d.join(''), class: `dots ${className}` }, svg('title', {}, name))];
    }
    const d = points.map(
      ([x, y], index) => `${index === 0 ? 'M' : 'L'}${placeX(x).toFixed(1)} ${placeY(y).toFixed(1)}`,
    );
    return [svg('path', { d: d.join(''), class: `line ${className}` }, svg('title', {}, name))];
  });
  const axes = [
    svg('path', { d: `M${left} ${top}V${top + tall}H${width - 16}`, class: 'axis' }),
    svg('text', { x: 0, y: top + 12 }, how.y(maxY)),
    svg('text', { x: 0, y: top + tall }, how.y(0)),
    svg('text', { x: left, y: top + tall + 18 }, how.x(minX)),
    svg('text', { x: width - 16, y: top + tall + 18, 'text-anchor': 'end' }, how.x(maxX)),
  ];
  const key = h(
    'p',
    { class: 'key' },
    ...lines.flatMap(({ name, className }) => [h('i', { class: `swatch ${className}` }), ` ${name} `]),
  );
  return figure(label, top + tall + 26, [...axes, ...drawn], key);
}

/**
 * When things came, a row a lane, on one axis of time.
 * @param {string} label @param {readonly { name: string, className: string, times: readonly number[] }[]} lanes @param {number} nowMs
 */
export function timeline(label, lanes, nowMs) {
  const [left, tall] = [130, 26];
  const most = Math.max(1, nowMs, ...lanes.map(({ times }) => times.at(-1) ?? 0));
  const place = (/** @type {number} */ ms) => left + (ms / most) * (width - left - 20);
  const drawn = lanes.flatMap(({ name, className, times }, index) => {
    const y = index * tall + 14;
    const d = times.map((ms) => `M${place(ms).toFixed(1)} ${y - 7}v14`).join('');
    return [
      svg('text', { x: 0, y: y + 4 }, name),
      svg('path', { d: `M${left} ${y}H${width - 20}`, class: 'axis' }),
      svg(
        'path',
        { d, class: `line ${className}` },
        svg('title', {}, `${name}: ${times.length} at ${times.map(msText).join(', ')}`),
      ),
    ];
  });
  const bottom = lanes.length * tall;
  const ends = [
    svg('text', { x: left, y: bottom + 12 }, '0'),
    svg('text', { x: width - 20, y: bottom + 12, 'text-anchor': 'end' }, msText(most)),
  ];
  return figure(label, bottom + 18, [...drawn, ...ends]);
}

/** @param {readonly number[]} values @returns {[number, number]} */
function extent(values) {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return values.length === 0 ? [0, 1] : [low, high];
}
