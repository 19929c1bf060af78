// @ts-check
// The four kinds of methods, and what is a request of each.

/** @typedef {import('./types.js').Method} Method */

/** @type {Readonly<Record<string, string>>} */
export const kindNames = {
  unary: 'One request, one answer',
  'server stream': 'One request, a stream of answers',
  'client stream': 'A stream of requests, one answer',
  'bidirectional stream': 'Streams of requests and of answers',
};

/** @param {Method | undefined} method */
export const takesStream = (method) => method?.kind === 'client stream' || method?.kind === 'bidirectional stream';

/** @param {Method} method */
export const answersWithStream = ({ kind }) => kind === 'server stream' || kind === 'bidirectional stream';

/** The message that a text holds; of a stream of requests a list of them, also one a line. Throws what is wrong. @param {string} text @param {Method | undefined} method @returns {any} */
export function messagesIn(text, method) {
  const isObject = (/** @type {unknown} */ value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!takesStream(method)) {
    const message = JSON.parse(text);
    if (!isObject(message)) throw new Error('expected an object');
    return message;
  }
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const isLines = lines.length > 1 && lines.every((line) => /^\s*\{.*\}\s*$/.test(line));
  const whole = isLines ? lines.map((line) => JSON.parse(line)) : JSON.parse(text);
  const messages = Array.isArray(whole) ? whole : [whole];
  if (!messages.every(isObject)) throw new Error('expected a list of objects, or one a line');
  return messages;
}
