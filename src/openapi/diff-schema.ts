/** What changed between two schemas, seen by a client that was written against the old one. */
import { type Json, list, record, strings } from './authored-json.ts';

export interface Change {
  readonly isBreaking: boolean;
  /** `GET /v1/books/{}`, or `Book.title` in a component. */
  readonly where: string;
  readonly message: string;
}

/** What the client writes may be more than before, what it reads may be less. */
export type Direction = 'request' | 'response';

/** Compares schemas of two documents. Each pair of components is compared once a direction. */
export class SchemaDiff {
  readonly changes: Change[] = [];
  readonly #documents: readonly [Json, Json];
  readonly #seen = new Set<string>();

  constructor(before: Json, after: Json) {
    this.#documents = [before, after];
  }

  report(where: string, message: string, isBreaking = true): void {
    this.changes.push({ where, message, isBreaking });
  }

  compare(before: unknown, after: unknown, direction: Direction, where: string): void {
    const [old, now] = [this.#resolve(before, 0), this.#resolve(after, 1)];
    const names = [old.name, now.name].filter((name) => name !== undefined);
    if (names.length > 0) {
      const key = `${direction} ${old.name} ${now.name}`;
      if (this.#seen.has(key)) return;
      this.#seen.add(key);
    }
    this.#compareResolved(old.schema, now.schema, direction, now.name ?? where);
  }

  #compareResolved(before: Json, after: Json, direction: Direction, where: string): void {
    this.#compareTypes(before, after, direction, where);
    if (direction === 'request') this.#compareLimits(before, after, where);
    this.#compareProperties(before, after, direction, where);
    for (const [key, sign] of [
      ['items', '[]'],
      ['additionalProperties', '{}'],
    ] as const) {
      const [old, now] = [before[key], after[key]];
      if (isSchema(old) && isSchema(now)) this.compare(old, now, direction, `${where}${sign}`);
    }
    const [choices, others] = [list(before['anyOf']), list(after['anyOf'])];
    if (choices.length === others.length) {
      choices.forEach((choice, index) => void this.compare(choice, others[index], direction, where));
    }
  }

  #compareTypes(before: Json, after: Json, direction: Direction, where: string): void {
    const [old, now] = [typesOf(before), typesOf(after)];
    const [given, taken] = direction === 'request' ? [old, now] : [now, old];
    const isAny = taken.length === 0;
    if (!isAny && (given.length === 0 || given.some((type) => !taken.includes(type)))) {
      this.report(where, `type ${old.join(' or ') || 'any'} became ${now.join(' or ') || 'any'} (${direction})`);
      return;
    }
    const [format, newFormat] = [before['format'], after['format']];
    if (format !== newFormat) {
      const isNarrower = direction === 'request' ? newFormat !== undefined : format !== undefined;
      this.report(where, `format ${format ?? 'none'} became ${newFormat ?? 'none'} (${direction})`, isNarrower);
    }
    this.#compareEnums(before, after, direction, where);
  }

  #compareEnums(before: Json, after: Json, direction: Direction, where: string): void {
    const [old, now] = [valuesOf(before), valuesOf(after)];
    if (now === undefined || (old === undefined && direction === 'response')) return;
    if (old === undefined) {
      this.report(where, `takes only ${now.join(', ')}`);
      return;
    }
    const removed = old.filter((value) => !now.includes(value));
    const added = now.filter((value) => !old.includes(value));
    if (removed.length > 0)
      this.report(where, `no longer has ${removed.join(', ')} (${direction})`, direction === 'request');
    // APIs grow values (AIP-216): a client must take those that it does not know.
    if (added.length > 0) this.report(where, `also has ${added.join(', ')} (${direction})`, false);
  }

  #compareLimits(before: Json, after: Json, where: string): void {
    for (const [key, tighter] of limits) {
      const [old, now] = [before[key], after[key]];
      if (typeof now !== 'number' || old === now) continue;
      if (typeof old !== 'number' || tighter(now, old)) this.report(where, `${key} ${old ?? 'none'} became ${now}`);
    }
    const [old, now] = [before['pattern'], after['pattern']];
    if (now !== undefined && now !== old) this.report(where, `pattern ${old ?? 'none'} became ${now}`);
  }

  #compareProperties(before: Json, after: Json, direction: Direction, where: string): void {
    const [old, now] = [record(before['properties']), record(after['properties'])];
    const [required, nowRequired] = [strings(before['required']), strings(after['required'])];
    for (const [name, schema] of Object.entries(old)) {
      const here = `${where}.${name}`;
      if (!Object.hasOwn(now, name)) this.report(here, `is removed (${direction})`);
      else this.compare(schema, now[name], direction, here);
    }
    for (const name of Object.keys(now)) {
      if (!Object.hasOwn(old, name)) this.report(`${where}.${name}`, `is new (${direction})`, false);
    }
    const [promised, kept] = direction === 'request' ? [nowRequired, required] : [required, nowRequired];
    const verb = direction === 'request' ? 'is required now' : 'need not be there any more';
    for (const name of promised) {
      if (!kept.includes(name) && Object.hasOwn(now, name)) this.report(`${where}.${name}`, `${verb} (${direction})`);
    }
  }

  /** Follows a reference, and joins the parts of an `allOf` that are references: OpenAPI 3.0's way to say more beside one. */
  #resolve(value: unknown, document: 0 | 1): { readonly schema: Json; readonly name: string | undefined } {
    const { $ref, ...own } = record(value);
    const refs = list(own['allOf']).map((part) => record(part)['$ref']);
    const ref = $ref ?? refs.find((each) => each !== undefined);
    if (typeof ref !== 'string') return { schema: own, name: undefined };
    const name = ref.slice(ref.lastIndexOf('/') + 1);
    const target = record(record(record(this.#documents[document]['components'])['schemas'])[name]);
    const required = [...strings(target['required']), ...strings(own['required'])];
    // What stands beside a reference belongs to one place: two places with the same component are two pairs.
    const suffix = own['required'] === undefined ? '' : ` requiring ${strings(own['required']).join(', ')}`;
    return { schema: { ...target, ...own, ...(required.length > 0 && { required }) }, name: `${name}${suffix}` };
  }
}

const lower = (now: number, old: number): boolean => now < old;
const higher = (now: number, old: number): boolean => now > old;

const limits = [
  ['maximum', lower], ['exclusiveMaximum', lower], ['maxLength', lower], ['maxItems', lower], ['maxProperties', lower],
  ['minimum', higher], ['exclusiveMinimum', higher], ['minLength', higher], ['minItems', higher], ['minProperties', higher],
] as const; // biome-ignore format: a table

function typesOf({ type }: Json): readonly string[] {
  return typeof type === 'string' ? [type] : strings(type);
}

function valuesOf(schema: Json): readonly unknown[] | undefined {
  if (schema['const'] !== undefined) return [schema['const']];
  return Array.isArray(schema['enum']) ? schema['enum'] : undefined;
}

function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
