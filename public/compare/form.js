// @ts-check
// A form made from the request's type. It writes into the message, and the message is what is sent.
import { button, h } from './dom.js';

/** @typedef {import('./types.js').Field} Field */
/** @typedef {import('./types.js').Description} Description */
/** @typedef {Record<string, unknown>} Message */

const texts = new Set(['Timestamp', 'Duration', 'FieldMask', 'StringValue', 'BytesValue', 'Int64Value', 'UInt64Value']);
const numbers = new Set(['Int32Value', 'UInt32Value', 'DoubleValue', 'FloatValue']);
const smallNumbers = new Set(['double', 'float', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32']);

export class RequestForm {
  /** @param {HTMLElement} place @param {() => void} onChange */
  constructor(place, onChange) {
    this.place = place;
    this.onChange = onChange;
    /** @type {Description | undefined} */
    this.description = undefined;
    /** @type {Message} */
    this.message = {};
    this.count = 0;
  }

  /** @param {Description} description @param {Message} message */
  show(description, message) {
    this.description = description;
    this.message = message;
    this.count = 0;
    const fields = this.fieldsOf(description.input, message, '');
    this.place.replaceChildren(
      ...(fields.length === 0 ? [h('p', { class: 'note' }, 'The request has no fields.')] : fields),
    );
  }

  /** Marks the control of a path as wrong; false when the form has none. @param {string} path @param {string} text */
  mark(path, text) {
    this.unmark();
    const control = this.controlOf(path);
    if (control === undefined) return false;
    control.setAttribute('aria-invalid', 'true');
    const problem = document.getElementById(`${control.id}-problem`);
    if (problem !== null) problem.textContent = text;
    return true;
  }

  unmark() {
    for (const control of this.place.querySelectorAll('[aria-invalid]')) control.removeAttribute('aria-invalid');
    for (const problem of this.place.querySelectorAll('.problem')) problem.textContent = '';
  }

  /** The control of a path, or of what holds it. @param {string} path @returns {HTMLElement | undefined} */
  controlOf(path) {
    const plain = (/** @type {string} */ text) => text.replaceAll('_', '').toLowerCase();
    for (let wanted = plain(path); wanted !== ''; wanted = wanted.replace(/[.[]?[^.[]*$/, '')) {
      for (const control of this.place.querySelectorAll('[data-path]')) {
        if (control instanceof HTMLElement && plain(control.dataset.path ?? '') === wanted) return control;
      }
    }
    return undefined;
  }

  redraw() {
    if (this.description !== undefined) this.show(this.description, this.message);
    this.onChange();
  }

  /** @param {string} typeName @param {Message} message @param {string} path @returns {HTMLElement[]} */
  fieldsOf(typeName, message, path) {
    const fields = this.description?.types[typeName]?.fields ?? [];
    return fields.map((field) => this.field(field, message, path === '' ? field.name : `${path}.${field.name}`));
  }

  /** @param {Field} field @param {Message} message @param {string} path */
  field(field, message, path) {
    const set = (/** @type {unknown} */ value) => {
      if (value === undefined) delete message[field.name];
      else message[field.name] = value;
      this.onChange();
    };
    const value = message[field.name];
    if (field.shape === 'map') return this.control(field, path, value, set, 'json');
    if (field.shape === 'list') return this.list(field, path, Array.isArray(value) ? value : [], message);
    if (!this.hasFields(field)) return this.control(field, path, value, set);
    if (typeof value !== 'object' || value === null) {
      const add = () => {
        message[field.name] = {};
        this.redraw();
        this.controlOf(path)?.focus();
      };
      return h(
        'div',
        { class: 'field' },
        button(`Add ${field.name}`, add, { class: 'quiet', 'data-path': path }),
        this.note(field),
      );
    }
    const remove = () => {
      delete message[field.name];
      this.redraw();
    };
    return this.group(field.name, path, field, /** @type {Message} */ (value), remove);
  }

  /** @param {string} title @param {string} path @param {Field} field @param {Message} value @param {() => void} remove */
  group(title, path, field, value, remove) {
    return h(
      'fieldset',
      { 'data-path': path, tabindex: -1 },
      h('legend', {}, title, ' ', button('Remove', remove, { class: 'quiet', 'aria-label': `Remove ${title}` })),
      ...this.fieldsOf(field.type, value, path),
    );
  }

  /** @param {Field} field @param {string} path @param {unknown[]} values @param {Message} message */
  list(field, path, values, message) {
    const items = values.map((value, index) => {
      const remove = () => {
        values.splice(index, 1);
        if (values.length === 0) delete message[field.name];
        this.redraw();
      };
      const own = `${path}[${index}]`;
      const title = `${field.name} ${index + 1}`;
      if (this.hasFields(field)) return this.group(title, own, field, /** @type {Message} */ (Object(value)), remove);
      const set = (/** @type {unknown} */ next) => {
        values[index] = next ?? '';
        this.onChange();
      };
      const row = this.control({ ...field, name: title, comment: '' }, own, value, set);
      row.append(button('Remove', remove, { class: 'quiet', 'aria-label': `Remove ${title}` }));
      return row;
    });
    const add = () => {
      values.push(this.hasFields(field) ? {} : smallNumbers.has(field.type) ? 0 : (field.values?.[0] ?? ''));
      message[field.name] = values;
      this.redraw();
      this.controlOf(`${path}[${values.length - 1}]`)?.focus();
    };
    return h(
      'fieldset',
      { 'data-path': path, tabindex: -1 },
      h('legend', {}, field.name),
      ...items,
      button(`Add ${field.name}`, add, { class: 'quiet' }),
    );
  }

  /** @param {Field} field */
  hasFields({ type }) {
    return (this.description?.types[type]?.fields.length ?? 0) > 0;
  }

  /** @param {Field} field @param {string} path @param {unknown} value @param {(value: unknown) => void} set @param {string} [kind] */
  control(field, path, value, set, kind = this.kindOf(field)) {
    const id = `field-${this.count++}`;
    const attributes = { id, 'data-path': path, 'aria-describedby': `${id}-problem` };
    const listen = {
      input: (/** @type {any} */ { target }) => set(target.value === '' ? undefined : readValue(target.value, kind)),
    };
    const text = value === undefined ? '' : kind === 'json' ? JSON.stringify(value) : String(value);
    const choices = field.type === 'bool' ? ['true', 'false'] : field.values;
    const input =
      choices === undefined || kind === 'json'
        ? h('input', { ...attributes, ...listen, type: 'text', value: text, autocomplete: 'off', spellcheck: 'false' })
        : h(
            'select',
            { ...attributes, ...listen },
            ...['', ...choices].map((each) =>
              h('option', { value: each, selected: each === text }, each || '(not set)'),
            ),
          );
    const label = h('label', { for: id }, field.name, ' ', h('span', { class: 'type' }, typeText(field)));
    return h(
      'div',
      { class: 'field' },
      label,
      input,
      h('p', { id: `${id}-problem`, class: 'problem' }),
      this.note(field),
    );
  }

  /** @param {Field} field */
  note({ comment, isInPath, oneof }) {
    const text = [isInPath ? 'In the path.' : '', oneof ? `One of ${oneof}.` : '', comment.split('\n\n')[0]].filter(
      Boolean,
    );
    return text.length === 0 ? undefined : h('p', { class: 'note' }, text.join(' '));
  }

  /** @param {Field} field */
  kindOf({ type, values }) {
    const known = type.startsWith('google.protobuf.') ? type.slice('google.protobuf.'.length) : '';
    if (values !== undefined || texts.has(known)) return 'text';
    if (type === 'bool' || known === 'BoolValue') return 'json';
    if (smallNumbers.has(type) || numbers.has(known)) return 'number';
    return known !== '' || this.description?.types[type] !== undefined ? 'json' : 'text';
  }
}

/** @param {Field} field */
function typeText({ type, shape }) {
  const short = type.slice(type.lastIndexOf('.') + 1);
  return shape === 'map' ? `map of ${short}, as JSON` : short;
}

/** What a text stands for. One that is no number or no JSON goes on as a text: the gateway says what it wants. @param {string} text @param {string} kind */
function readValue(text, kind) {
  if (kind === 'number') return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
  if (kind !== 'json') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
