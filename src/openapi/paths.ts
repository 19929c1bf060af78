/** Path templates as OpenAPI's paths: a place for each binding, its parameters named. */
import type { Binding, PathVariable } from '../routing/binding.ts';
import type { Segment } from '../routing/path-template.ts';
import { createNamer, singular } from './naming.ts';
import { type DocumentContext, nameOf } from './schemas.ts';

/** One parameter of a path: a whole variable, or one wildcard of a variable or of the bare template. */
export interface PathParameter {
  readonly name: string;
  readonly variable: PathVariable | undefined;
  readonly isWhole: boolean;
  /** What it stands for: `*`, `**`, or with `pathStyle: pattern` all segments of the variable. */
  readonly segments: readonly Segment[];
}

type Part = string | PathParameter;

/** A binding under one HTTP method. A binding for any method has several places. */
export interface Place {
  readonly binding: Binding;
  readonly path: string;
  /** Upper case. */
  readonly httpMethod: string;
  readonly parameters: readonly PathParameter[];
}

interface Item {
  readonly path: string;
  readonly names: readonly string[];
  readonly methods: Set<string>;
}

/** What `custom: { kind: "*" }` is written as, where no rule names the method. */
const anyMethods: readonly string[] = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH'];

/**
 * Finds a path for each binding. Templates that differ only in the names of their variables share one; it has the names
 * of the first binding that wrote them all itself, or else of the first. Two that OpenAPI cannot tell apart (`*` against
 * `**`) get parameters of different names.
 */
export function placeBindings(bindings: readonly Binding[], context: DocumentContext): readonly Place[] {
  const parted = bindings.map((binding) => partBinding(binding, context));
  const named = new Set(parted.map(({ binding, shape }) => `${binding.httpMethod} ${shape}`));
  const written = parted.filter(({ parts }) => parametersOf(parts).every(({ isWhole }) => isWhole));
  const partsByKey = new Map([...parted.toReversed(), ...written.toReversed()].map(({ key, parts }) => [key, parts]));
  const uniquePath = createPathNamer();
  const itemsByKey = new Map<string, Item[]>();
  /** The first item of the key that has no operation for the method yet. */
  const itemFor = (httpMethod: string, key: string): Item => {
    const alike = itemsByKey.get(key) ?? [];
    const free = alike.find(({ methods }) => !methods.has(httpMethod));
    const item = free ?? { ...uniquePath(partsByKey.get(key) ?? []), methods: new Set() };
    if (free === undefined) itemsByKey.set(key, [...alike, item]);
    item.methods.add(httpMethod);
    return item;
  };
  return parted.flatMap(({ binding, parts, shape, key }) => {
    const free = anyMethods.filter((method) => !named.has(`${method} ${shape}`));
    return (binding.httpMethod === '*' ? free : [binding.httpMethod]).map((httpMethod) => {
      const { path, names } = itemFor(httpMethod, key);
      const parameters = parametersOf(parts).map((each, index) => ({ ...each, name: names[index] ?? each.name }));
      return { binding, path, httpMethod, parameters };
    });
  });
}

/** A binding with the parts of its path, their shape, and the key that bindings of one path item share. */
function partBinding(binding: Binding, context: DocumentContext) {
  const parts = partsOf(binding, context);
  const shape = shapeOf(parts);
  // Split variables are alike whatever they match; one parameter with a pattern is not.
  return { binding, parts, shape, key: isSplit(context) ? textOf(parts, []) : shape };
}

/** Gives each path a text of its own; the name of the last parameter makes the difference. */
function createPathNamer(): (parts: readonly Part[]) => Pick<Item, 'path' | 'names'> {
  const counts = new Map<string, number>();
  const taken = new Set<string>();
  return (parts) => {
    const names = parametersOf(parts).map(({ name }) => name);
    const last = names.at(-1);
    const base = textOf(parts, names);
    let path: string;
    let count = counts.get(base) ?? 0;
    do {
      count++;
      if (count > 1 && last !== undefined) names[names.length - 1] = `${last}_${count}`;
      // A fragment is never sent, so it can tell paths without parameters apart.
      path = textOf(parts, names) + (count > 1 && last === undefined ? `#${count}` : '');
    } while (taken.has(path));
    counts.set(base, count);
    taken.add(path);
    return { path, names };
  };
}

function parametersOf(parts: readonly Part[]): readonly PathParameter[] {
  return parts.filter((part) => typeof part !== 'string');
}

/** The path with `{what the parameter matches}`: equal for templates that match the same. */
function shapeOf(parts: readonly Part[]): string {
  return textOf(
    parts,
    parametersOf(parts).map(({ segments }) => patternOf(segments)),
  );
}

function textOf(parts: readonly Part[], names: readonly string[]): string {
  let index = 0;
  return parts.map((part) => (typeof part === 'string' ? part : `{${names[index++] ?? ''}}`)).join('');
}

function isSplit({ options }: DocumentContext): boolean {
  return options.pathStyle !== 'pattern';
}

/** Literals, slashes and the verb as text, between them the parameters. */
function partsOf({ template, variables }: Binding, context: DocumentContext): readonly Part[] {
  const { segments, verb } = template;
  const unique = createNamer();
  const starts = new Map(variables.map((variable) => [variable.start, variable]));
  const parts: Part[] = [];
  let current: PathVariable | undefined;
  for (let index = 0; index < segments.length; index++) {
    current = starts.get(index) ?? (current !== undefined && index < current.end ? current : undefined);
    const segment = segments[index] as Segment;
    const isWhole =
      current?.start === index && (!isSplit(context) || (current.end === index + 1 && segment.kind !== 'literal'));
    parts.push('/');
    if (current !== undefined && isWhole) {
      const name = unique(current.fields.map((field) => nameOf(field, context)).join('.'));
      parts.push({ name, variable: current, isWhole, segments: segments.slice(current.start, current.end) });
      index = current.end - 1;
    } else if (segment.kind === 'literal') {
      parts.push(encodeLiteral(segment.text));
    } else {
      const name = unique(wildcardName(segments[index - 1], current, context));
      parts.push({ name, variable: current, isWhole: false, segments: [segment] });
    }
  }
  return verb === undefined ? parts : [...parts, `:${encodeLiteral(verb)}`];
}

/** `shelves/*` is a `shelf`; without a collection before it, a wildcard is named after its variable. */
function wildcardName(
  before: Segment | undefined,
  variable: PathVariable | undefined,
  context: DocumentContext,
): string {
  const collection = before?.kind === 'literal' && !/^v\d/.test(before.text) ? before.text.replace(/\W/g, '') : '';
  const leaf = variable?.fields.at(-1);
  return singular(collection) || (leaf === undefined ? 'segment' : nameOf(leaf, context));
}

function encodeLiteral(text: string): string {
  return encodeURI(text).replace(/[/?#]/g, encodeURIComponent);
}

/** A regular expression for the value of a parameter; "" when any one segment will do. */
export function patternOf(segments: readonly Segment[]): string {
  if (segments.length === 1 && segments[0]?.kind === 'single') return '';
  const texts = segments.map((segment) => {
    if (segment.kind === 'literal') return segment.text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    return segment.kind === 'single' ? '[^/]+' : '.*';
  });
  return `^${texts.join('/')}$`;
}
