/**
 * One walk of a value along the schema: checks it, fills defaults, reads values with a form. Gathers every problem.
 */
import { SchemaError } from '../schema/problem.ts';
import { nearestName } from './nearest-name.ts';
import { type FormTypes, valueForms } from './options-forms.ts';

/** The subset of JSON Schema that the configuration is written in. */
export type SchemaNode =
  | FormNode
  | { readonly enum: readonly string[] }
  | { readonly type: 'boolean' }
  | IntegerNode
  | { readonly type: 'string' }
  | { readonly type: 'array'; readonly items: SchemaNode }
  | ObjectNode
  /** A text that abbreviates an object. */
  | { readonly anyOf: readonly [FormNode, ObjectNode] };

interface FormNode {
  readonly $ref: `#/$defs/${keyof FormTypes}`;
}
interface IntegerNode {
  readonly type: 'integer';
  readonly minimum: number;
  readonly maximum?: number;
}
export interface ObjectNode {
  readonly type: 'object';
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, SchemaNode & { readonly default?: unknown }>>;
}

/** Keys and indices that lead to a value: `['upstreams', 0, 'target']`. */
export type KeyPath = readonly (string | number)[];

/** What the walk reports, and what it asks. */
export interface Walk {
  problem(path: KeyPath, message: string): void;
  /** The path of a file, from the working directory, that the text at `path` means. */
  filePath(text: string, path: KeyPath): string;
}

/** The frozen value that `value` stands for at `node`. What it is after a problem was reported is of no use. */
export function walkOptions(node: SchemaNode, value: unknown, path: KeyPath, walk: Walk): unknown {
  if ('$ref' in node) return readForm(node, value, path, walk);
  if ('anyOf' in node) {
    const [text, object] = node.anyOf;
    if (typeof value !== 'string') return walkOptions(object, value, path, walk);
    const long = readForm(text, value, path, walk);
    return long === undefined ? undefined : walkOptions(object, long, path, walk);
  }
  if ('properties' in node) return walkObject(node, value, path, walk);
  if ('items' in node) {
    if (!Array.isArray(value)) return refuse('a list', value, path, walk);
    return Object.freeze(Array.from(value, (item, index) => walkOptions(node.items, item, [...path, index], walk)));
  }
  const [expected, isFit] = scalarCheck(node, value);
  return isFit ? value : refuse(expected, value, path, walk);
}

function readForm({ $ref }: FormNode, value: unknown, path: KeyPath, walk: Walk): unknown {
  const name = $ref.slice('#/$defs/'.length) as keyof FormTypes;
  const { read, expected, isSecret } = valueForms[name];
  try {
    const result = read(value);
    if (result === undefined) return refuse(expected, isSecret ? hidden : value, path, walk);
    return name === 'path' ? walk.filePath(result as string, path) : Object.freeze(result);
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    for (const { message } of error.problems) walk.problem(path, message);
  }
}

function walkObject(node: ObjectNode, value: unknown, path: KeyPath, walk: Walk): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('a mapping of keys to values', value, path, walk);
  }
  const known = Object.keys(node.properties);
  for (const key of Object.keys(value).filter((name) => !known.includes(name))) {
    const near = nearestName(key, known);
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    walk.problem([...path, key], `unknown key; ${hint}`);
  }
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(node.properties)) {
    const given = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    if (given === undefined && node.required?.includes(key)) walk.problem([...path, key], 'is required');
    const used = given === undefined ? child.default : given;
    result[key] = used === undefined ? undefined : walkOptions(child, used, [...path, key], walk);
  }
  return Object.freeze(result);
}

/** What a node wants in words, and whether the value is that. */
function scalarCheck(node: SchemaNode, value: unknown): [expected: string, isFit: boolean] {
  // YAML reads 3.1 as a number.
  const quotes = typeof value === 'number' ? ' in quotes' : '';
  if ('enum' in node) return [`one of ${node.enum.join(', ')}${quotes}`, node.enum.some((member) => member === value)];
  if ('minimum' in node) {
    const { minimum, maximum = Number.POSITIVE_INFINITY } = node;
    const range = maximum < Number.POSITIVE_INFINITY ? `from ${minimum} to ${maximum}` : `of at least ${minimum}`;
    return [`an integer ${range}`, Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum];
  }
  if (!('type' in node) || node.type === 'boolean') return ['true or false', typeof value === 'boolean'];
  return [`text${quotes}`, typeof value === 'string'];
}

/** Stands for a value that must not be shown. */
const hidden: unique symbol = Symbol('something else');

function refuse(expected: string, value: unknown, path: KeyPath, walk: Walk): undefined {
  walk.problem(path, `expected ${expected}; got ${describeValue(value)}`);
}

/** The value in at most 60 characters of one line. */
function describeValue(value: unknown): string {
  if (value === hidden) return 'something else';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a mapping';
  if (value === null) return 'nothing';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
