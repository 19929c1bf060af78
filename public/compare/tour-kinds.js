// @ts-check
// The panel of the tour that calls a method of each kind.
import { button, bytesText, h, msText, table } from '../shared/dom.js';
import { get, post } from './api.js';
import { allBytes } from './headline.js';
import { takesStream } from './kinds.js';

/** @typedef {import('./types.js').Method} Method */

/** @type {import('./tour.js').Panel} */
export const kindsPanel = {
  id: 'kinds',
  title: 'Four kinds of calls',
  text: 'gRPC has streams in either direction in its contract. REST shows those of replies as arrays, lines or events, those of requests as arrays or lines, and both at once as a WebSocket.',
  show: async ({ chosen, methods, choose }) => {
    const { headers } = chosen().request;
    const rows = [];
    for (const kind of ['unary', 'server stream', 'client stream', 'bidirectional stream']) {
      const own = methods().filter((method) => method.kind === kind);
      const shown = own.find(({ isRepeatable }) => isRepeatable) ?? own[0];
      const example = shown && button(shown.name, () => void choose(shown), { class: 'quiet' });
      rows.push([kind, String(own.length), example ?? 'none', ...(await called(shown, headers))]);
    }
    const columns = ['Kind', 'Methods', 'For example', 'Requests', 'Replies', 'Bytes', 'Took'];
    const note =
      'Each called over gRPC with the request that its form begins with; what may change something is not called.';
    return [table('The methods of this gateway', columns, rows), h('p', { class: 'note' }, note)];
  },
};

/** Messages there and back, bytes and time of one call. @param {Method | undefined} method @param {Record<string, string>} headers */
async function called(method, headers) {
  if (method === undefined || !method.isRepeatable) return ['–', '–', '–', '–'];
  const { example } = await get(`method?name=${encodeURIComponent(method.name)}`);
  const message = takesStream(method) ? [example, example] : example;
  const asked = { method: method.name, message, headers, protocols: ['grpc'] };
  /** @type {import('./types.js').Comparison} */
  const { results } = await post('compare', asked);
  const call = results[0]?.warm ?? results[0]?.cold;
  if (call === undefined) return ['–', '–', '–', results[0]?.problem ?? 'gRPC is off'];
  const replies = call.status.code === 'OK' ? String(call.count) : `${call.count}, ${call.status.code}`;
  return [String(call.requests.length), replies, bytesText(allBytes(call)), msText(call.timing.totalMs)];
}
