// @ts-check
// A form made from the request's type. It writes into the message, and the message is what is sent.
import { button, h, withCode } from '../shared/dom.js';
import { emptyOf, inputOf, kindOf, readValue, typeText } from './form-values.js';

/** @typedef {import('./types.js').Field} Field */
/** @typedef {import('./types.js').Description} Description */
/** @typedef {Record<string, unknown>} Message */

/** Behind so many fields, those that are not set are folded away. */
const FEW = 6;

export class RequestForm {
  /** @param {HTMLElement} place @param {() => void} onChange */
  constructor(place, onChange) {
    this.place = place;
    this.onChange = onChange;
    this.description = /** @type {Description | undefined} */ (undefined);
    this.message = /** @type {Message} */ ({});
    this.count = 0;
    /** Paths of messages whose unset fields are shown. @type {Set<string>} */
    this.unfolded = new Set();
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
    for (const folded of this.place.querySelectorAll('details')) if (folded.contains(control)) folded.open = true;
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
    const { fields = [] } = this.description?.types[typeName] ?? {};
    const isSet = (/** @type {Field} */ { name, isInPath }) => isInPath || Object.hasOwn(message, name);
    const made = fields.flatMap((field) => {
      const { oneof } = field;
      if (oneof === undefined) return [{ isShown: isSet(field), part: this.field(field, message, path) }];
      const members = fields.filter((each) => each.oneof === oneof);
      if (members[0] !== field) return [];
      return [{ isShown: members.some(isSet), part: this.oneof(oneof, members, message, path) }];
    });
    const isFolded = made.map(({ isShown }, index) => index >= FEW && !isShown);
    const parts = made.map(({ part }) => part);
    const folded = parts.filter((_, index) => isFolded[index]);
    return folded.length === 0 ? parts : [...parts.filter((_, index) => !isFolded[index]), this.fold(folded, path)];
  }

  /** Fields that are not set; opened once they stay open. @param {HTMLElement[]} parts @param {string} path */
  fold(parts, path) {
    const toggle = (/** @type {any} */ { target }) => {
      if (target.open) this.unfolded.add(path);
      else this.unfolded.delete(path);
    };
    const text = `${parts.length} more, not set`;
    return h('details', { class: 'more', open: this.unfolded.has(path), toggle }, h('summary', {}, text), ...parts);
  }

  /** A choice of one field: the others leave the message. @param {string} name @param {readonly Field[]} members @param {Message} message @param {string} path */
  oneof(name, members, message, path) {
    const set = members.find((field) => Object.hasOwn(message, field.name));
    const id = `field-${this.count++}`;
    const input = (/** @type {any} */ { target }) => {
      for (const field of members) delete message[field.name];
      const next = members.find((field) => field.name === target.value);
      if (next !== undefined) message[next.name] = emptyOf(next, this.isMessage(next));
      this.redraw();
      document.getElementById(id)?.focus();
    };
    const options = ['', ...members.map((field) => field.name)].map((each) =>
      h('option', { value: each, selected: each === (set?.name ?? '') }, each || '(none)'),
    );
    return h(
      'div',
      { class: 'field' },
      h('label', { for: id }, name, ' ', h('span', { class: 'type' }, 'one of these')),
      h('select', { id, input }, ...options),
      set && this.field(set, message, path),
    );
  }

  /** @param {Field} field @param {Message} message @param {string} outer */
  field(field, message, outer) {
    const path = outer === '' ? field.name : `${outer}.${field.name}`;
    const set = (/** @type {unknown} */ value) => {
      if (value === undefined) delete message[field.name];
      else message[field.name] = value;
      this.onChange();
    };
    const value = Object.hasOwn(message, field.name) ? message[field.name] : undefined;
    if (field.shape === 'map') return this.map(field, path, message);
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
      { id: `field-${this.count}`, 'data-path': path, tabindex: -1 },
      h('legend', {}, title, ' ', removeButton(title, remove)),
      h('p', { id: `field-${this.count++}-problem`, class: 'problem' }),
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
      const set = (/** @type {unknown} */ next) => {
        values[index] = next ?? '';
        this.onChange();
      };
      const title = `${field.name} ${index + 1}`;
      const row = this.element(field, title, `${path}[${index}]`, value, { set, remove });
      if (!this.hasFields(field)) row.append(removeButton(title, remove));
      return row;
    });
    const add = () => {
      values.push(emptyOf(field, this.isMessage(field)));
      message[field.name] = values;
      this.redraw();
      this.controlOf(`${path}[${values.length - 1}]`)?.focus();
    };
    return this.several(field, path, items, add);
  }

  /** @param {Field} field @param {string} path @param {Message} message */
  map(field, path, message) {
    const entries = Object.entries(Object(message[field.name] ?? {}));
    const write = () => {
      if (entries.length === 0) delete message[field.name];
      else message[field.name] = Object.fromEntries(entries);
    };
    const items = entries.map((entry, index) => {
      const [key, value] = entry;
      const remove = () => {
        entries.splice(index, 1);
        write();
        this.redraw();
      };
      const set = (/** @type {unknown} */ next) => {
        entry[1] = next ?? '';
        write();
        this.onChange();
      };
      // Behind the last key stroke: a key half written may be that of another entry.
      const change = (/** @type {any} */ { target }) => {
        if (entries.some(([other], at) => at !== index && other === target.value)) target.value = entry[0];
        entry[0] = target.value;
        write();
        this.redraw();
      };
      const id = `field-${this.count++}`;
      const title = `${field.name} ${key}`;
      return h(
        'div',
        { class: 'entry' },
        h(
          'div',
          {},
          h('label', { for: id }, 'Key'),
          h('input', { id, change, type: 'text', value: key, autocomplete: 'off', spellcheck: 'false' }),
          removeButton(title, remove),
        ),
        this.element(field, title, `${path}.${key}`, value, { set, remove }),
      );
    });
    const add = () => {
      // Whatever the type of the keys, most take a number.
      const numbers = Array.from({ length: entries.length + 1 }, (_, index) => String(index + 1));
      const free = numbers.find((key) => entries.every(([other]) => other !== key));
      entries.push([free ?? '', emptyOf(field, this.isMessage(field))]);
      write();
      this.redraw();
      this.controlOf(`${path}.${free}`)?.focus();
    };
    return this.several(field, path, items, add);
  }

  /** A value of several. @param {Field} field @param {string} title @param {string} path @param {unknown} value @param {{ set: (value: unknown) => void, remove: () => void }} does */
  element(field, title, path, value, { set, remove }) {
    if (this.hasFields(field)) return this.group(title, path, field, /** @type {Message} */ (Object(value)), remove);
    return this.control({ ...field, name: title, comment: '', shape: 'one' }, path, value, set);
  }

  /** @param {Field} field @param {string} path @param {readonly HTMLElement[]} items @param {() => void} add */
  several(field, path, items, add) {
    return h(
      'fieldset',
      { id: `field-${this.count}`, 'data-path': path, tabindex: -1 },
      h('legend', {}, field.name, ' ', h('span', { class: 'type' }, typeText(field))),
      h('p', { id: `field-${this.count++}-problem`, class: 'problem' }),
      this.note(field),
      ...items,
      button(`Add ${field.name}`, add, { class: 'quiet' }),
    );
  }

  /** @param {Field} field */
  isMessage({ type }) {
    return this.description?.types[type] !== undefined;
  }

  /** @param {Field} field */
  hasFields({ type }) {
    return (this.description?.types[type]?.fields ?? []).length > 0;
  }

  /** @param {Field} field @param {string} path @param {unknown} value @param {(value: unknown) => void} set */
  control(field, path, value, set) {
    const id = `field-${this.count++}`;
    const kind = kindOf(field, this.isMessage(field));
    const isText = typeof value === 'string' && kind !== 'json';
    const text = value === undefined ? '' : isText ? value : JSON.stringify(value);
    const attributes = {
      id,
      'data-path': path,
      'aria-describedby': `${id}-problem`,
      input: (/** @type {any} */ { target }) => set(target.value === '' ? undefined : readValue(target.value, kind)),
    };
    return h(
      'div',
      { class: 'field' },
      h('label', { for: id }, field.name, ' ', h('span', { class: 'type' }, typeText(field))),
      inputOf(field, kind, text, attributes),
      h('p', { id: `${id}-problem`, class: 'problem' }),
      this.note(field),
    );
  }

  /** @param {Field} field */
  note({ comment, isInPath }) {
    const text = [isInPath ? 'In the path.' : '', comment.split('\n\n')[0]].filter(Boolean);
    return text.length === 0 ? undefined : h('p', { class: 'note' }, ...withCode(text.join(' ')));
  }
}

/** @param {string} title @param {() => void} remove */
const removeButton = (title, remove) => button('Remove', remove, { class: 'quiet', 'aria-label': `Remove ${title}` });
