// @ts-check
// What the figures say in words: what gRPC saves beside REST, and what it costs.
import { button, bytesText, h, msText } from '../shared/dom.js';

/** @typedef {import('./types.js').Call} Call */
/** @typedef {import('./types.js').Result} Result */
/** @typedef {import('./types.js').Measurement} Measurement */

/** Calls of each protocol that tell a difference of time from chance, for the most part, in a few seconds. */
const ENOUGH = 300;

/** @param {Call} call */
export function allBytes({ bytes: { request, response } }) {
  return request.head + request.body + request.control + response.head + response.body + response.control;
}

/** `84 % less` @param {number} value @param {number} than */
function share(value, than) {
  const percent = Math.round((Math.abs(value - than) / (than || 1)) * 100);
  return percent === 0 ? 'the same' : `${percent} % ${value < than ? 'less' : 'more'}`;
}

/** Of one call. Undefined without both protocols. @param {readonly Result[]} results @param {(() => void) | undefined} measure */
export function callHeadline(results, measure) {
  const [rest, grpc] = ['rest', 'grpc'].map((name) => results.find(({ protocol }) => protocol === name));
  const [restCall, grpcCall] = [rest, grpc].map((result) => result?.warm ?? result?.cold);
  if (restCall === undefined || grpcCall === undefined) return undefined;
  const isWarm = rest?.warm !== undefined && grpc?.warm !== undefined;
  const [ofRest, ofGrpc] = [allBytes(restCall), allBytes(grpcCall)];
  const saved = ofGrpc < ofRest;
  const size = h(
    'p',
    {},
    h('strong', { class: 'figure' }, `${bytesText(ofGrpc)} instead of ${bytesText(ofRest)}`),
    ` over gRPC: ${share(ofGrpc, ofRest)}${isWarm ? ', on a connection that is open' : ''}. ${whereFrom(restCall, grpcCall)}`,
  );
  const saves = saved ? [size] : [];
  const costs = saved ? [] : [size];
  if (rest?.cold && grpc?.cold && isWarm) costs.push(firstCall(rest.cold, grpc.cold, ofRest - ofGrpc));
  const others = ['grpc-web', 'connect'].flatMap((name) => {
    const call = results.find(({ protocol }) => protocol === name)?.warm;
    return call === undefined ? [] : [bytesText(allBytes(call))];
  });
  const browsers = others.length === 2 ? ` (here ${others[0]} and ${others[1]})` : '';
  costs.push(
    h(
      'p',
      {},
      `A client made from the proto: nobody reads these bytes by eye. Browsers cannot send them; they take gRPC-Web or Connect${browsers}.`,
    ),
  );
  const time = h(
    'p',
    {},
    `Time: REST ${msText(restCall.timing.totalMs)}, gRPC ${msText(grpcCall.timing.totalMs)}. That is one call each, and may be chance. `,
    measure && button(`Measure ${ENOUGH} calls of each`, measure),
  );
  return box(saves, costs, time);
}

/** The measurement that a headline offers. @param {{ measure: (runs: number) => void }} page */
export const measureEnough = (page) => () => page.measure(ENOUGH);

/** @param {Call} rest @param {Call} grpc */
function whereFrom(rest, grpc) {
  const head = (/** @type {Call} */ { bytes }) => bytes.request.head + bytes.response.head;
  const body = (/** @type {Call} */ { bytes }) => bytes.request.body + bytes.response.body;
  const heads = `Heads: ${bytesText(head(grpc))}, not ${bytesText(head(rest))}, as HTTP/2 says a header once for a connection.`;
  const [ofRest, ofGrpc] = [body(rest), body(grpc)];
  if (ofGrpc >= ofRest)
    return `${heads} Bodies: ${bytesText(ofGrpc)}, over REST ${bytesText(ofRest)}: each message has a frame around it.`;
  return `${heads} Bodies: ${bytesText(ofGrpc)}, not ${bytesText(ofRest)}, as numbers stand for the names of fields.`;
}

/** @param {Call} rest @param {Call} grpc @param {number} savedLater */
function firstCall(rest, grpc, savedLater) {
  const [ofRest, ofGrpc] = [allBytes(rest), allBytes(grpc)];
  const first = `The first call on a connection, in which HTTP/2 introduces itself: ${bytesText(ofGrpc)}, over REST ${bytesText(ofRest)}.`;
  const extra = ofGrpc - ofRest;
  const isMadeUpFor = extra > 0 && savedLater > 0;
  return h('p', {}, isMadeUpFor ? `${first} Call ${1 + Math.ceil(extra / savedLater)} has made up for it.` : first);
}

/** @param {HTMLElement[]} saves @param {HTMLElement[]} costs @param {HTMLElement} time */
function box(saves, costs, time) {
  const part = (/** @type {string} */ title, /** @type {HTMLElement[]} */ lines) =>
    h('div', {}, h('h3', {}, title), ...(lines.length === 0 ? [h('p', {}, 'Nothing in these figures.')] : lines));
  return h(
    'section',
    { class: 'headline', 'aria-label': 'In short' },
    h('div', { class: 'columns' }, part('gRPC saves', saves), part('gRPC costs', costs)),
    time,
  );
}

/** Of many calls. Undefined without both protocols. @param {Measurement} measurement */
export function measureHeadline({ measured, differences, cpuDifferences }) {
  const [rest, grpc] = ['rest', 'grpc'].map((name) =>
    measured.find(({ protocol, summary }) => protocol === name && summary),
  );
  const [time, cpu] = [differences, cpuDifferences].map((list) =>
    list.find(({ protocols: [left, right] }) => left === 'rest' && right === 'grpc'),
  );
  if (rest === undefined || grpc === undefined || time === undefined) return undefined;
  const bytes = (/** @type {typeof rest} */ one) => one.sentBytesPerCall + one.receivedBytesPerCall;
  /** @type {{ isSaved: boolean, text: string }[]} */
  const facts = [
    {
      isSaved: bytes(grpc) < bytes(rest),
      text: `Bytes: ${bytesText(bytes(grpc))} instead of ${bytesText(bytes(rest))}, ${share(bytes(grpc), bytes(rest))}.`,
    },
  ];
  if (time.isSeen) {
    const [ofRest, ofGrpc] = [rest.summary?.p50 ?? 0, grpc.summary?.p50 ?? 0];
    const text = `Time: ${msText(ofGrpc)} instead of ${msText(ofRest)} in the median, ${share(ofGrpc, ofRest)}.`;
    facts.push({ isSaved: time.difference < 0, text });
  }
  if (cpu?.isSeen) {
    const [ofRest, ofGrpc] = [rest.cpuPerCall ?? 0, grpc.cpuPerCall ?? 0];
    const text = `CPU of the gateway: ${msText(ofGrpc / 1000)} a call instead of ${msText(ofRest / 1000)}, ${share(ofGrpc, ofRest)}.`;
    facts.push({ isSaved: cpu.difference < 0, text });
  }
  const lines = (/** @type {boolean} */ isSaved) =>
    facts.filter((fact) => fact.isSaved === isSaved).map(({ text }) => h('p', {}, text));
  const unseen = [...(time.isSeen ? [] : ['time']), ...(cpu === undefined || cpu.isSeen ? [] : ['the gateway’s CPU'])];
  const note =
    unseen.length === 0
      ? 'A difference of time or CPU is told when 95 of 100 repetitions would show it.'
      : `No difference of ${unseen.join(' or ')} was seen: what there is may be chance.`;
  return box(lines(true), lines(false), h('p', {}, note));
}
