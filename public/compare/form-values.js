// @ts-check
// Values of single fields: how a text stands for one, what one begins as, and the control that holds it.
import { h } from '../shared/dom.js';

/** @typedef {import('./types.js').Field} Field */
/** @typedef {'text' | 'number' | 'bool' | 'json'} Kind */

const smallNumbers = new Set(['double', 'float', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32']);
const longNumbers = new Set(['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64']);

/**
 * Types whose JSON is not an object of their fields: how their text is read, what it looks like, and what an element of a list begins as.
 * @type {Readonly<Record<string, { kind: Kind, hint?: string, empty: unknown }>>}
 */
const wellKnown = {
  Timestamp: { kind: 'text', hint: '2026-01-31T12:00:00Z', empty: '1970-01-01T00:00:00Z' },
  Duration: { kind: 'text', hint: '1.5s', empty: '0s' },
  FieldMask: { kind: 'text', hint: 'title,author', empty: '' },
  StringValue: { kind: 'text', empty: '' },
  BytesValue: { kind: 'text', hint: 'base64', empty: '' },
  Int64Value: { kind: 'text', hint: '0', empty: '0' },
  UInt64Value: { kind: 'text', hint: '0', empty: '0' },
  Int32Value: { kind: 'number', hint: '0', empty: 0 },
  UInt32Value: { kind: 'number', hint: '0', empty: 0 },
  DoubleValue: { kind: 'number', hint: '0.5', empty: 0 },
  FloatValue: { kind: 'number', hint: '0.5', empty: 0 },
  BoolValue: { kind: 'bool', empty: false },
  Any: { kind: 'json', hint: '{"@type": "type.googleapis.com/…", …}', empty: {} },
  Struct: { kind: 'json', hint: '{"any": "JSON object"}', empty: {} },
  Value: { kind: 'json', hint: 'any JSON', empty: null },
  ListValue: { kind: 'json', hint: '[1, "two"]', empty: [] },
  Empty: { kind: 'json', hint: '{}', empty: {} },
};

/** What a field of one value begins as, or an element of a list or map. @param {Field} field @param {boolean} isMessage @returns {unknown} */
export function emptyOf({ type, values }, isMessage) {
  const known = wellKnownOf(type);
  if (known !== undefined) return known.empty;
  if (values !== undefined) return values[0] ?? 0;
  if (type === 'bool') return false;
  if (smallNumbers.has(type)) return 0;
  if (longNumbers.has(type)) return '0';
  return isMessage ? {} : '';
}

/** How the text of a control is read. @param {Field} field @param {boolean} isMessage @returns {Kind} */
export function kindOf({ type, values }, isMessage) {
  const known = wellKnownOf(type);
  if (known !== undefined) return known.kind;
  if (values !== undefined) return 'text';
  if (type === 'bool') return 'bool';
  if (smallNumbers.has(type)) return 'number';
  return isMessage ? 'json' : 'text';
}

/** @param {string} type */
function wellKnownOf(type) {
  const name = type.startsWith('google.protobuf.') ? type.slice('google.protobuf.'.length) : '';
  return Object.hasOwn(wellKnown, name) ? wellKnown[name] : undefined;
}

/** @param {Field} field @param {Kind} kind @param {string} text @param {import('../shared/dom.js').Attributes} attributes */
export function inputOf({ type, values }, kind, text, attributes) {
  const choices = kind === 'bool' ? ['true', 'false'] : values;
  if (choices !== undefined) {
    // A value that is none of them is shown, so that it can be seen and put right.
    const all = ['', ...choices, ...(text === '' || choices.includes(text) ? [] : [text])];
    const options = all.map((each) => h('option', { value: each, selected: each === text }, each || '(not set)'));
    return h('select', attributes, ...options);
  }
  const hint = wellKnownOf(type)?.hint ?? (type === 'bytes' ? 'base64' : undefined);
  const shared = { ...attributes, placeholder: hint, autocomplete: 'off', spellcheck: 'false' };
  return kind === 'json'
    ? h('textarea', { ...shared, rows: 2 }, text)
    : h('input', { ...shared, type: 'text', value: text });
}

/** @param {Field} field */
export function typeText({ type, shape }) {
  const short = type.slice(type.lastIndexOf('.') + 1);
  return shape === 'one' ? short : `${shape} of ${short}`;
}

/** What a text stands for. One that is no number or no JSON goes on as a text: the gateway says what it wants. @param {string} text @param {Kind} kind */
export function readValue(text, kind) {
  if (kind === 'number') return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
  if (kind === 'text') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
