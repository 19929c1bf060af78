/**
 * @module The route table: bindings in, the one that a request's method and raw target mean out. Immutable; matching
 * neither allocates regular expressions nor depends on the order of registration.
 *
 * The rules stand in a trie of segments. `**` is always last, so that a rule ends either at a node or in a `**` below
 * it, and a node is reached by one way only: a search with all its backtracking visits each node at most once.
 */
import { formatPosition, type Problem } from '../schema/problem.ts';
import type { Binding } from './binding.ts';
import { decodeLiteral, decodeSegment, decodeSegments, type ReservedExpansion } from './decode.ts';
import { printPathTemplate } from './path-template.ts';

/** What a request's method and raw path mean. */
export type MatchOutcome =
  /** `captures[i]` is the decoded text of `binding.variables[i]`. */
  | { readonly kind: 'matched'; readonly binding: Binding; readonly captures: readonly string[] }
  /** A rule has the path, none has the method: 405 with these methods, sorted, as `Allow`. */
  | { readonly kind: 'wrongMethod'; readonly allow: readonly string[] }
  /** OPTIONS where no rule has it: 204 with these methods. */
  | { readonly kind: 'options'; readonly allow: readonly string[] }
  | { readonly kind: 'unmatched' };

export interface RouteTable {
  /** What is routed, in order of registration. A binding that lost to a duplicate is not in it. */
  readonly bindings: readonly Binding[];
  /**
   * Matches the raw request path (no query, nothing decoded). HEAD falls back to GET where no rule has it.
   * Throws StatusError INVALID_ARGUMENT for a malformed escape in the path of the matched rule.
   */
  match(httpMethod: string, rawPath: string): MatchOutcome;
}

export interface RouteTableOptions {
  /** What the same method and template twice means; a problem by default. */
  readonly duplicates?: 'error' | 'firstWins' | 'lastWins';
  readonly reservedExpansion?: ReservedExpansion;
  /** Take `/a/` for `/a`. One slash only. */
  readonly ignoreTrailingSlash?: boolean;
}

export interface RouteTableResult {
  readonly table: RouteTable;
  /** Duplicates, when they are an error. */
  readonly problems: readonly Problem[];
  /** Duplicates that lost, when they are not. */
  readonly findings: readonly Problem[];
}

/** The rules that end at one place: by verb ("" without one), then by HTTP method (`*` is any). */
type Ends = Map<string, Map<string, Binding>>;

interface Node {
  readonly literals: Map<string, Node>;
  single: Node | undefined;
  readonly ends: Ends;
  /** Of rules that go on with `**`. */
  readonly deepEnds: Ends;
}

/** One look for a rule. The path's segments lie between its first slash and `end`; what follows is the verb or ignored. */
interface Search {
  readonly path: string;
  readonly end: number;
  readonly verb: string;
  readonly hasEscapes: boolean;
  method: string;
  /** When set, nothing is found: the methods of every rule that has the path are gathered instead. */
  allow: Set<string> | undefined;
}

const unmatched: MatchOutcome = Object.freeze({ kind: 'unmatched' });

/** Builds the table. Problems and findings name both rules with their positions. */
export function createRouteTable(bindings: readonly Binding[], options: RouteTableOptions = {}): RouteTableResult {
  const { duplicates = 'error', reservedExpansion = 'spec', ignoreTrailingSlash = false } = options;
  const root = createNode();
  const verbs = new Set<string>();
  const losers = new Map<Binding, Binding>();
  for (const binding of bindings) {
    const rules = rulesAt(root, binding);
    const earlier = rules.get(binding.httpMethod);
    if (earlier === undefined || duplicates === 'lastWins') rules.set(binding.httpMethod, binding);
    if (earlier !== undefined) {
      if (duplicates === 'lastWins') losers.set(earlier, binding);
      else losers.set(binding, earlier);
    }
    if (binding.template.verb !== undefined) verbs.add(binding.template.verb);
  }

  function match(httpMethod: string, rawPath: string): MatchOutcome {
    if (!rawPath.startsWith('/')) return unmatched;
    const end = rawPath.length - (ignoreTrailingSlash && rawPath.length > 1 && rawPath.endsWith('/') ? 1 : 0);
    const colon = verbs.size === 0 ? -1 : rawPath.lastIndexOf(':', end - 1);
    if (colon > rawPath.lastIndexOf('/', end - 1)) {
      // Whether the colon begins a verb is asked of the rules of all methods, so that one path means one thing: where
      // POST /v1/{name}:cancel is a rule, GET /v1/a:cancel is 405 and no GET of a resource "a:cancel".
      const verb = decodeLiteral(rawPath.slice(colon + 1, end));
      if (verb !== undefined && verbs.has(verb)) {
        const outcome = outcomeOf(httpMethod, rawPath, colon, verb);
        if (outcome.kind !== 'unmatched') return outcome;
      }
    }
    return outcomeOf(httpMethod, rawPath, end, '');
  }

  function outcomeOf(method: string, path: string, end: number, verb: string): MatchOutcome {
    const search: Search = { path, end, verb, method, hasEscapes: path.includes('%'), allow: undefined };
    // "/" has no segment, rather than an empty one.
    const start = end > 1 ? 1 : 2;
    let binding = find(root, start, search);
    if (binding === undefined && method === 'HEAD') {
      search.method = 'GET';
      binding = find(root, start, search);
    }
    if (binding !== undefined) {
      return { kind: 'matched', binding, captures: capturesOf(binding, start, search, reservedExpansion) };
    }
    const allow = allowedMethods(root, start, search);
    if (allow.length === 0) return unmatched;
    return { kind: method === 'OPTIONS' ? 'options' : 'wrongMethod', allow };
  }

  const reports = [...losers].map(([loser, winner]) => duplicateOf(loser, winner, duplicates));
  const table = Object.freeze({ bindings: bindings.filter((binding) => !losers.has(binding)), match });
  return duplicates === 'error'
    ? { table, problems: reports, findings: [] }
    : { table, problems: [], findings: reports };
}

function createNode(): Node {
  return { literals: new Map(), single: undefined, ends: new Map(), deepEnds: new Map() };
}

/** The rules with the same path as the binding, by HTTP method; makes the way there. */
function rulesAt(root: Node, { template }: Binding): Map<string, Binding> {
  let node = root;
  for (const segment of template.segments) {
    if (segment.kind === 'single') {
      node.single ??= createNode();
      node = node.single;
    } else if (segment.kind === 'literal') {
      node = getOrInsert(node.literals, segment.text, createNode);
    }
  }
  const ends = template.segments.at(-1)?.kind === 'multi' ? node.deepEnds : node.ends;
  return getOrInsert(ends, template.verb ?? '', () => new Map<string, Binding>());
}

function getOrInsert<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}

/** The preferred rule for the segments from `at` on: a literal, then `*`, then `**`, left to right, with backtracking. */
function find(node: Node, at: number, search: Search): Binding | undefined {
  if (at > search.end) return pick(node.ends, search) ?? pick(node.deepEnds, search);
  const stop = segmentEnd(at, search);
  if (node.literals.size > 0) {
    const raw = search.path.slice(at, stop);
    const text = search.hasEscapes ? decodeLiteral(raw) : raw;
    const child = text === undefined ? undefined : node.literals.get(text);
    const binding = child === undefined ? undefined : find(child, stop + 1, search);
    if (binding !== undefined) return binding;
  }
  // An empty segment (`//`, or a slash at the end) fills no `*`.
  const binding = node.single === undefined || stop === at ? undefined : find(node.single, stop + 1, search);
  return binding ?? pick(node.deepEnds, search);
}

function pick(ends: Ends, { verb, method, allow }: Search): Binding | undefined {
  const rules = ends.get(verb);
  if (rules === undefined) return undefined;
  if (allow === undefined) return rules.get(method) ?? rules.get('*');
  for (const name of rules.keys()) allow.add(name);
  return undefined;
}

function segmentEnd(at: number, { path, end }: Search): number {
  const slash = path.indexOf('/', at);
  return slash === -1 || slash > end ? end : slash;
}

/** What `Allow` says: the methods of the rules that have the path, and what is served besides them. */
function allowedMethods(root: Node, start: number, search: Search): readonly string[] {
  const allow = new Set<string>();
  search.allow = allow;
  find(root, start, search);
  if (allow.size === 0) return [];
  if (allow.has('GET')) allow.add('HEAD');
  return [...allow.add('OPTIONS')].sort();
}

function capturesOf(binding: Binding, start: number, search: Search, expansion: ReservedExpansion): string[] {
  const captures: string[] = [];
  let at = start;
  let index = 0;
  for (const variable of binding.variables) {
    for (; index < variable.start; index++) at = segmentEnd(at, search) + 1;
    const from = at;
    for (; index < variable.end; index++) at = segmentEnd(at, search) + 1;
    const isDeep = binding.template.segments[variable.end - 1]?.kind === 'multi';
    const raw = search.path.slice(from, isDeep ? search.end : at - 1);
    captures.push(
      variable.isMultiSegment ? decodeSegments(raw, variable.text, expansion) : decodeSegment(raw, variable.text),
    );
  }
  // What no variable captured is decoded only to see that it can be.
  if (search.hasEscapes) decodeSegment(search.path, '');
  return captures;
}

function duplicateOf(loser: Binding, winner: Binding, duplicates: 'error' | 'firstWins' | 'lastWins'): Problem {
  const rule = `${loser.httpMethod} ${printPathTemplate(loser.template)}`;
  const other = `${winner.method.service.name}.${winner.method.name} (${formatPosition(winner.position)})`;
  return {
    position: loser.position,
    subject: `${loser.method.service.name}.${loser.method.name}`,
    message:
      duplicates === 'error'
        ? `${rule} is already the rule of ${other}; change one of them, or set duplicates to firstWins or lastWins`
        : `${rule} is unreachable, because ${other} has it and duplicates is ${duplicates}`,
  };
}
