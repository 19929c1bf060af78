// @ts-check
// Many calls over every protocol: how long they take, what they carry and cost, and whether a difference can be told from chance.

import { button, bytesText, h, msText, problemText, table } from '../shared/dom.js';
import { lines, post, reportUrl } from './api.js';
import { nameOf, plot } from './charts.js';
import { measureHeadline } from './headline.js';

/** @typedef {import('./types.js').Measurement} Measurement */
/** @typedef {import('./types.js').Measured} Measured */
/** @typedef {import('./types.js').Interval} Interval */

/** @param {{ chosen: () => import('./types.js').Chosen, check: () => Promise<unknown> }} page */
export function createMeasureView({ chosen, check }) {
  const runs = h('input', { id: 'runs', class: 'short', inputmode: 'numeric', value: '1000', autocomplete: 'off' });
  const concurrency = h('input', {
    id: 'concurrency',
    class: 'short',
    inputmode: 'numeric',
    value: '1',
    autocomplete: 'off',
  });
  const status = h('p', { role: 'status', class: 'status' });
  const isGzipToo = h('input', { id: 'gzip', type: 'checkbox' });
  const progress = h('progress', { max: 1, value: 0, 'aria-label': 'Calls made', hidden: true });
  const place = h('div');
  let id = '';
  const stop = button('Stop', () => void post('stop', { id }), { hidden: true });
  const run = button('Measure', () => void go(), { class: 'main', id: 'measure' });

  const go = async () => {
    if ((await check()) === undefined) return;
    const { method, request } = chosen();
    if (!method.isRepeatable) {
      status.textContent = `${method.name} may change something: it is not repeated.`;
      return;
    }
    run.hidden = true;
    stop.hidden = false;
    progress.hidden = false;
    const asked = { ...request, runs: Number(runs.value), concurrency: Number(concurrency.value) };
    try {
      const ended = await once(asked, 'of');
      place.replaceChildren(...measurementParts(ended.measurement, ended.id));
      if (isGzipToo.checked && endText(ended.measurement) === 'Done.') {
        const again = await once({ ...asked, gzip: true }, 'with gzip, of');
        place.append(gzipTable(ended.measurement, again.measurement));
        status.textContent = endText(again.measurement);
      } else status.textContent = endText(ended.measurement);
    } catch (error) {
      status.textContent = `The calls cannot be measured: ${problemText(error)}`;
    } finally {
      run.hidden = false;
      stop.hidden = true;
      progress.hidden = true;
    }
  };
  /** @param {object} asked @param {string} what @returns {Promise<{ id: string, measurement: Measurement }>} */
  const once = async (asked, what) => {
    progress.value = 0;
    let total = 1;
    for await (const line of lines('measure', asked, new AbortController().signal)) {
      if (line.kind === 'begin') ({ id, total } = line);
      if (line.kind === 'progress') {
        progress.value = line.done / total;
        status.textContent = `${line.done} ${what} ${total} calls; ${nameOf(line.protocol)}: ${msText(line.median)} in the median`;
      }
      if (line.kind === 'problem') throw new Error(line.message);
      if (line.kind === 'end') return line;
    }
    throw new Error('the gateway went away');
  };
  const form = h(
    'div',
    { class: 'row' },
    h('div', {}, h('label', { for: 'runs' }, 'Calls over each protocol'), runs),
    h('div', {}, h('label', { for: 'concurrency' }, 'At a time'), concurrency),
    h('div', {}, isGzipToo, ' ', h('label', { for: 'gzip', class: 'inline' }, 'and once more with gzip')),
    run,
    stop,
  );
  const note =
    'In turn, in blocks, after a warm-up, by a process of its own on this machine: what else the machine does is shared by all.';
  return h('section', {}, form, h('p', { class: 'note' }, note), progress, status, place);
}

/** @param {Measurement} measurement */
function endText({ isStopped, problem }) {
  if (problem !== undefined) return `Ended early (${problem}): what is there counts.`;
  return isStopped ? 'Stopped: what is there counts.' : 'Done.';
}

/** @param {Measurement} measurement @param {string} id */
function measurementParts(measurement, id) {
  const { measured, differences, cpuDifferences, runs, concurrency } = measurement;
  const answered = measured.filter(({ durations }) => durations.length > 0);
  return [
    measureHeadline(measurement) ?? '',
    figures(measured, `${runs} calls, ${concurrency} at a time`),
    h('ul', {}, ...differences.map(timeItem), ...cpuDifferences.map(cpuItem)),
    histogramPlot(answered),
    percentilePlot(answered),
    timePlot(answered),
    millionTable(answered),
    h(
      'p',
      {},
      'Keep it: ',
      ...['json', 'csv', 'html'].flatMap((format) => [
        h('a', { href: reportUrl(id, format), download: `comparison.${format}` }, format.toUpperCase()),
        ' ',
      ]),
    ),
  ];
}

/** @param {Interval} one */
function timeItem(one) {
  const [left, right] = one.protocols.map(nameOf);
  const than = one.difference < 0 ? 'faster' : 'slower';
  return differenceItem(one, `${right} beside ${left}`, `${than} in the median`, msText);
}

/** @param {Interval} one */
function cpuItem(one) {
  const [left, right] = one.protocols.map(nameOf);
  const what = `CPU of the gateway for a call over ${right}, beside one over ${left}`;
  return differenceItem(one, what, one.difference < 0 ? 'less' : 'more', (micros) => msText(micros / 1000));
}

/** @param {Interval} difference @param {string} what @param {string} than @param {(value: number) => string} text */
function differenceItem({ difference, low, high, isSeen }, what, than, text) {
  const interval = `95 of 100 repetitions lie between ${text(low)} and ${text(high)}`;
  const seen = isSeen ? `${text(Math.abs(difference))} ${than}` : 'no difference seen';
  return h('li', { class: isSeen ? '' : 'note' }, `${what}: ${seen} (${interval}).`);
}

/** @param {Measured} one */
function cpuText({ cpuPerCall, cpuMargin }) {
  const margin = cpuMargin === undefined ? '' : ` ± ${msText(cpuMargin / 1000)}`;
  return cpuPerCall === undefined ? '–' : `${msText(cpuPerCall / 1000)}${margin}`;
}

/** @param {readonly Measured[]} measured @param {string} title */
function figures(measured, title) {
  const row = (/** @type {string} */ name, /** @type {(one: Measured) => string} */ of) => [name, ...measured.map(of)];
  const failures = measured.find(({ failure }) => failure !== undefined);
  return h(
    'div',
    {},
    table(
      title,
      ['', ...measured.map(({ protocol }) => nameOf(protocol))],
      [
        row('Median', ({ summary }) => msText(summary?.p50)),
        row('90 of 100 below', ({ summary }) => msText(summary?.p90)),
        row('99 of 100 below', ({ summary }) => msText(summary?.p99)),
        row('Longest', ({ summary }) => msText(summary?.max)),
        row('Calls a second', ({ callsPerSecond }) => String(Math.round(callsPerSecond))),
        row('Bytes a call', (one) => bytesText(one.sentBytesPerCall + one.receivedBytesPerCall)),
        row('CPU of the gateway a call', cpuText),
        row('Failed', (one) => String(one.failures)),
      ],
    ),
    failures && h('p', { class: 'bad' }, `${nameOf(failures.protocol)}: ${failures.failure}`),
  );
}

/** @param {readonly Measured[]} measured */
function millionTable(measured) {
  const row = (/** @type {string} */ name, /** @type {(one: Measured) => string} */ of) => [name, ...measured.map(of)];
  return table(
    'A million such calls',
    ['', ...measured.map(({ protocol }) => nameOf(protocol))],
    [
      row(
        'On the wire',
        (one) => `${Math.round(one.sentBytesPerCall + one.receivedBytesPerCall).toLocaleString('en')} MB`,
      ),
      row('CPU of the gateway', ({ cpuPerCall, cpuMargin }) => {
        const seconds = (/** @type {number} */ micros) => Math.round(micros).toLocaleString('en');
        const margin = cpuMargin === undefined ? '' : ` ± ${seconds(cpuMargin)}`;
        return cpuPerCall === undefined ? '–' : `${seconds(cpuPerCall)}${margin} s`;
      }),
    ],
  );
}

/** @param {Measurement} off @param {Measurement} on */
function gzipTable({ measured: off }, { measured: on }) {
  const rows = off.flatMap((before) => {
    const after = on.find(({ protocol }) => protocol === before.protocol);
    if (after === undefined) return [];
    const bytes = (/** @type {Measured} */ one) => bytesText(one.sentBytesPerCall + one.receivedBytesPerCall);
    const both = (/** @type {(one: Measured) => string} */ of) => [of(before), of(after)];
    return [
      [nameOf(before.protocol), ...both(bytes), ...both(({ summary }) => msText(summary?.p50)), ...both(cpuText)],
    ];
  });
  const columns = ['Bytes', 'Median', 'CPU of the gateway'].flatMap((name) => [name, `${name}, gzip`]);
  const note =
    'The gateway compresses answers of gRPC-Web and Connect from 1 KiB on; those of REST only with transcoding.compression.replies; those of gRPC it passes on as their upstream has made them.';
  return h('div', {}, table('A call without and with gzip', ['', ...columns], rows), h('p', { class: 'note' }, note));
}

const BINS = 60;

/** @param {readonly Measured[]} measured */
function histogramPlot(measured) {
  const from = Math.min(...measured.map(({ summary }) => summary?.min ?? 0));
  const to = Math.max(...measured.map(({ summary }) => summary?.p99 ?? 0));
  const step = (to - from) / BINS || 1;
  const shown = measured.map(({ protocol, durations }) => {
    const counts = new Array(BINS).fill(0);
    for (const duration of durations)
      if (duration <= to) counts[Math.min(BINS - 1, Math.floor((duration - from) / step))]++;
    const points = counts.map(
      (count, index) =>
        /** @type {[number, number]} */ ([from + (index + 0.5) * step, (count / durations.length) * 100]),
    );
    return { name: nameOf(protocol), className: protocol, points };
  });
  return plot('How many calls took how long, up to the 99th percentile', shown, {
    x: msText,
    y: (share) => `${share.toFixed(0)} %`,
  });
}

/** @param {readonly Measured[]} measured */
function percentilePlot(measured) {
  const shown = measured.map(({ protocol, durations }) => {
    const sorted = Float64Array.from(durations).sort();
    const points = Array.from(
      { length: 101 },
      (_, percent) =>
        /** @type {[number, number]} */ ([percent, sorted[Math.round(((sorted.length - 1) * percent) / 100)] ?? 0]),
    );
    return { name: nameOf(protocol), className: protocol, points: points.slice(0, 100) };
  });
  return plot('Percentiles: so many of 100 calls took less', shown, { x: (percent) => `${percent} of 100`, y: msText });
}

/** @param {readonly Measured[]} measured */
function timePlot(measured) {
  const shown = measured.map(({ protocol, durations, starts }) => ({
    name: nameOf(protocol),
    className: protocol,
    points: durations.map((duration, index) => /** @type {[number, number]} */ ([starts[index] ?? 0, duration])),
  }));
  return plot('Each call, over time', shown, { x: msText, y: msText, dots: true });
}
