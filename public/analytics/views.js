// @ts-check
// The parts of the page, each made of a report.
import { h, table } from '../shared/dom.js';
import { clockText, countText, durationText, percentText, rateText, savedText, sizeText } from './texts.js';
import { timeChart } from './time-chart.js';

/** @typedef {import('./types.js').Report} Report */
/** @typedef {import('./types.js').Figures} Figures */
/** @typedef {import('./types.js').Example} Example */

const nothing = (/** @type {string} */ text) => h('p', { class: 'note' }, text);

/** @param {Figures} figures @param {Report} report */
export function summaryView(figures, report) {
  const { calls, errors, latencyMs, protobufBytes, jsonBytes } = figures;
  const duration = (/** @type {number | null | undefined} */ ms) => durationText(ms, report.mostMs);
  const tiles = {
    Calls: countText(calls),
    'Calls a second': rateText(calls / secondsOf(report)),
    Failed: calls === 0 ? '–' : percentText(errors / calls),
    'Half within': duration(latencyMs?.p50),
    '95 % within': duration(latencyMs?.p95),
    '99 % within': duration(latencyMs?.p99),
    'Open now': countText(report.open),
    'As protobuf': sizeText(protobufBytes),
    'As JSON, about': sizeText(jsonBytes),
    Saved: savedText(figures),
  };
  return Object.entries(tiles).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)));
}

/** Since the calls of a report are counted. @param {Report} report */
function secondsOf({ now, since }) {
  return Math.max(1, (now - since) / 1000);
}

/** @param {Report} report @param {number} span seconds */
export function courseView({ course, now, since, stepMs, mostMs }, span) {
  const end = Math.floor(now / stepMs) * stepMs;
  // What was before the gateway began to count is not drawn, but for a minute.
  const first = Math.min(Math.floor(since / stepMs) * stepMs, end - 60_000);
  const from = Math.max(end - span * 1000, first);
  const byTime = new Map(course.map((step) => [step.at, step]));
  const steps = Array.from({ length: Math.round((end - from) / stepMs) }, (_, index) =>
    byTime.get(from + index * stepMs),
  );
  const line = (/** @type {string} */ name, /** @type {(step: Figures) => number | null | undefined} */ value) => ({
    name,
    values: steps.map((step) => (step && value(step)) ?? undefined),
  });
  const rate = (/** @type {string} */ name, /** @type {(step: Figures) => number | undefined} */ value) => ({
    name,
    values: steps.map((step) => ((step && value(step)) ?? 0) / (stepMs / 1000)),
  });
  const how = { from, stepMs };
  return [
    timeChart('Calls a second', [rate('all', ({ calls }) => calls), rate('failed', ({ errors }) => errors)], {
      ...how,
      text: rateText,
    }),
    timeChart(
      'How long calls take',
      [
        line('half within', ({ latencyMs }) => latencyMs?.p50),
        line('95 %', ({ latencyMs }) => latencyMs?.p95),
        line('99 %', ({ latencyMs }) => latencyMs?.p99),
      ],
      { ...how, text: (ms) => durationText(ms, mostMs) },
    ),
    timeChart(
      'Bytes of messages a second',
      [rate('as protobuf', ({ protobufBytes }) => protobufBytes), rate('as JSON, about', ({ jsonBytes }) => jsonBytes)],
      { ...how, text: (bytes) => `${sizeText(bytes)}/s` },
    ),
  ];
}

/** `library.v1.Library.GetBook` → `Library.GetBook`, `library.v1`. @param {string} method @returns {[string, string]} */
function partsOf(method) {
  const names = method.split('.');
  return [names.slice(-2).join('.'), names.slice(0, -2).join('.')];
}

const packageNote = (/** @type {string} */ name) => h('span', { class: 'note' }, name);

/** @param {Report} report @param {(method: string) => void} choose */
export function methodsView(report, choose) {
  const { methods, others, mostMs } = report;
  if (methods.length === 0) return [nothing('Nothing has been called yet.')];
  const columns = [
    'Method',
    'Calls',
    'A second',
    'Failed',
    'Half within',
    '95 %',
    '99 %',
    'Protobuf',
    'JSON, about',
    'Saved',
  ];
  const rows = methods.map((figures) => {
    const { method, calls, errors, latencyMs, protobufBytes, jsonBytes } = figures;
    const click = () => choose(method);
    const [name, ofPackage] = partsOf(method);
    return [
      h(
        'span',
        {},
        h('button', { type: 'button', class: 'name', 'data-key': method, click }, name),
        packageNote(ofPackage),
      ),
      countText(calls),
      rateText(calls / secondsOf(report)),
      calls === 0 ? '–' : h('span', { class: errors > 0 ? 'bad' : '' }, percentText(errors / calls)),
      durationText(latencyMs?.p50, mostMs),
      durationText(latencyMs?.p95, mostMs),
      durationText(latencyMs?.p99, mostMs),
      sizeText(protobufBytes),
      sizeText(jsonBytes),
      savedText(figures),
    ];
  });
  const more = others === 0 ? undefined : nothing(`And ${countText(others)} methods that are called less.`);
  return [table('By number of calls', columns, rows), ...(more ? [more] : [])];
}

/** Those of one method, or of all. @param {Report} report @param {string} chosen */
export function errorsView({ errors, mostMs }, chosen) {
  const wanted = errors.filter(({ method }) => chosen === '' || method === chosen);
  if (wanted.length === 0) return [nothing('No call has failed.')];
  const rows = wanted.map(({ method, code, calls, example }) => {
    const [name, ofPackage] = partsOf(method);
    return [
      h('span', {}, h('span', { class: 'name' }, name), packageNote(ofPackage)),
      code,
      countText(calls),
      example && h('div', { class: 'text' }, example.message, packageNote(whereOf(example))),
      example && exampleText(example, mostMs),
    ];
  });
  return [table('By number of calls, each with its last one', ['Method', 'Code', 'Calls', 'Message', 'Last'], rows)];
}

const whereOf = (/** @type {Example} */ { isFromUpstream }) =>
  isFromUpstream ? 'the upstream was called' : 'the gateway refused it';

/** @param {Example} example @param {number} mostMs */
function exampleText({ at, route, protocol, durationMs, requestId, traceId }, mostMs) {
  const parts = [
    clockText(at),
    route ?? protocol,
    durationText(durationMs, mostMs),
    requestId && `request ${requestId}`,
    traceId && `trace ${traceId}`,
  ];
  return parts.filter(Boolean).join('\n');
}

/** @param {Report} report */
export function callersView({ callers }) {
  if (callers.length === 0) return [nothing('Nobody has called yet.')];
  const rows = callers.map(({ subject, network, agent, protocol, calls, errors, lastAt }) => [
    subject ?? 'anonymous',
    network ?? '–',
    agent ?? '–',
    protocol,
    countText(calls),
    percentText(errors / calls),
    clockText(lastAt),
  ]);
  return [table('In the last hour', ['Who', 'Network', 'Program', 'Protocol', 'Calls', 'Failed', 'Last'], rows)];
}

/** @param {Report} report */
export function upstreamsView({ upstreams, processes }) {
  if (upstreams.length === 0) return [nothing('There is no gRPC upstream.')];
  const rows = upstreams.map(({ target, services, states, connections, inFlight, pending, ...counts }) => [
    target,
    services.length === 0 ? 'all' : services.join('\n'),
    Object.entries(states)
      .map(([state, count]) => (processes === 1 ? state : `${state} × ${count}`))
      .join(', '),
    countText(connections),
    countText(inFlight),
    countText(pending),
    countText(counts.retries),
    countText(counts.connectFailures),
    countText(counts.ejections),
  ]);
  const columns = [
    'Target',
    'Services',
    'State',
    'Connections',
    'Open calls',
    'Waiting',
    'Retries',
    'Failed to connect',
    'Ejections',
  ];
  return [table('As they are now', columns, rows)];
}
