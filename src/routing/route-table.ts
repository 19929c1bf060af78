/**
 * @module The route table: bindings in, the one that a request's method and raw target mean out. Immutable; matching
 * neither allocates regular expressions nor depends on the order of registration.
 */
import { formatPosition, type Problem } from '../schema/problem.ts';
import type { Binding } from './binding.ts';
import { decodeLiteral, decodeSegment, decodeSegments, type ReservedExpansion } from './decode.ts';
import { printPathTemplate } from './path-template.ts';
import { createNode, createRoute, type Route, routesAt, type TrieNode } from './route-trie.ts';

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

export type Duplicates = 'error' | 'firstWins' | 'lastWins';

export interface RouteTableOptions {
  /** What the same method and template twice means; a problem by default. */
  readonly duplicates?: Duplicates;
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

/** One look for a rule. The path's segments lie between its first slash and `end`; what follows is the verb or ignored. */
interface Search {
  readonly path: string;
  readonly end: number;
  readonly verb: string | undefined;
  readonly hasEscapes: boolean;
  method: string;
  /** When set, nothing is found: the methods of every rule that has the path are gathered instead. */
  allow: Set<string> | undefined;
}

const unmatched: MatchOutcome = Object.freeze({ kind: 'unmatched' });

/** Builds the table. Problems and findings name both rules with their positions. */
export function createRouteTable(bindings: readonly Binding[], options: RouteTableOptions = {}): RouteTableResult {
  const { duplicates = 'error', reservedExpansion = 'spec', ignoreTrailingSlash = false } = options;
  const { root, losers } = createTrie(bindings, duplicates);
  const verbs = new Set(bindings.map(({ template }) => template.verb));

  function match(httpMethod: string, rawPath: string): MatchOutcome {
    if (!rawPath.startsWith('/')) return unmatched;
    const hasEscapes = rawPath.includes('%');
    const end = rawPath.length - (ignoreTrailingSlash && rawPath.length > 1 && rawPath.endsWith('/') ? 1 : 0);
    const colon = rawPath.lastIndexOf(':', end - 1);
    if (colon > rawPath.lastIndexOf('/', end - 1)) {
      // Whether the colon begins a verb is asked of the rules of all methods, so that one path means one thing: where
      // POST /v1/{name}:cancel is a rule, GET /v1/a:cancel is 405 and no GET of a resource "a:cancel".
      const verb = decodeLiteral(rawPath.slice(colon + 1, end));
      if (verb !== undefined && verbs.has(verb)) {
        const search = { path: rawPath, end: colon, verb, method: httpMethod, hasEscapes, allow: undefined };
        const outcome = outcomeOf(root, search, reservedExpansion);
        if (outcome !== unmatched) return outcome;
      }
    }
    const search = { path: rawPath, end, verb: undefined, method: httpMethod, hasEscapes, allow: undefined };
    return outcomeOf(root, search, reservedExpansion);
  }

  const reports = [...losers].map(([loser, winner]) => duplicateOf(loser, winner, duplicates));
  const [problems, findings] = duplicates === 'error' ? [reports, []] : [[], reports];
  const table = Object.freeze({ bindings: bindings.filter((binding) => !losers.has(binding)), match });
  return { table, problems, findings };
}

/** The trie, and of the duplicates each that is not in it with the one that is. */
function createTrie(
  bindings: readonly Binding[],
  duplicates: Duplicates,
): { readonly root: TrieNode; readonly losers: ReadonlyMap<Binding, Binding> } {
  const root = createNode();
  const losers = new Map<Binding, Binding>();
  for (const binding of bindings) {
    const routes = routesAt(root, binding);
    const place = routes.findIndex(({ httpMethod }) => httpMethod === binding.httpMethod);
    const earlier = routes[place]?.binding;
    if (earlier === undefined) routes.push(createRoute(binding));
    else if (duplicates !== 'lastWins') losers.set(binding, earlier);
    else {
      routes[place] = createRoute(binding);
      losers.set(earlier, binding);
    }
  }
  return { root, losers };
}

function outcomeOf(root: TrieNode, search: Search, expansion: ReservedExpansion): MatchOutcome {
  const { path, end, method } = search;
  // "/" has no segment, rather than an empty one.
  const start = end > 1 ? 1 : 2;
  let route = find(root, start, search);
  if (route === undefined && method === 'HEAD') {
    search.method = 'GET';
    route = find(root, start, search);
  }
  if (route !== undefined) {
    const captures = rawCaptures(route, start, search);
    if (search.hasEscapes) decodeCaptures(captures, route.binding, path, expansion);
    return { kind: 'matched', binding: route.binding, captures };
  }
  const allow = allowedMethods(root, start, search);
  if (allow.length === 0) return unmatched;
  return { kind: method === 'OPTIONS' ? 'options' : 'wrongMethod', allow };
}

/** The preferred rule for the segments from `at` on: a literal, then `*`, then `**`, left to right, with backtracking. */
function find(node: TrieNode, at: number, search: Search): Route | undefined {
  if (at > search.end) return pick(node, search) ?? (node.deep && pick(node.deep, search));
  const stop = segmentEnd(at, search);
  if (node.literals !== undefined) {
    const raw = search.path.slice(at, stop);
    const text = search.hasEscapes ? decodeLiteral(raw) : raw;
    const child = text === undefined ? undefined : node.literals.get(text);
    const route = child && find(child, stop + 1, search);
    if (route !== undefined) return route;
  }
  // An empty segment (`//`, or a slash at the end) fills no `*`.
  const route = node.single === undefined || stop === at ? undefined : find(node.single, stop + 1, search);
  return route ?? (node.deep && findDeep(node.deep, at, search));
}

/** What may follow `**` is looked for from the left, so that `**` takes as little as it can; then what ends with it. */
function findDeep(deep: TrieNode, at: number, search: Search): Route | undefined {
  if (deep.literals !== undefined || deep.single !== undefined) {
    for (let from = at; from <= search.end; from = segmentEnd(from, search) + 1) {
      const route = find(deep, from, search);
      if (route !== undefined) return route;
    }
  }
  return pick(deep, search);
}

/** The rule for the method among those that end here. A named method beats `*`. */
function pick({ plain, verbs }: TrieNode, { verb, method, allow }: Search): Route | undefined {
  const routes = verb === undefined ? plain : verbs?.get(verb);
  let wildcard: Route | undefined;
  for (const route of routes ?? []) {
    if (allow !== undefined) allow.add(route.httpMethod);
    else if (route.httpMethod === method) return route;
    else if (route.httpMethod === '*') wildcard = route;
  }
  return wildcard;
}

function segmentEnd(at: number, { path, end }: Search): number {
  const slash = path.indexOf('/', at);
  return slash === -1 || slash > end ? end : slash;
}

/** What `Allow` says: the methods of the rules that have the path, and what is served besides them. */
function allowedMethods(root: TrieNode, start: number, search: Search): readonly string[] {
  const allow = new Set<string>();
  search.allow = allow;
  find(root, start, search);
  if (allow.size === 0) return [];
  if (allow.has('GET')) allow.add('HEAD');
  return [...allow.add('OPTIONS')].sort();
}

function rawCaptures({ spans: written, inner }: Route, start: number, search: Search): string[] {
  const spans = inner === undefined ? written : stretched(written, inner, segmentCount(start, search));
  const captures: string[] = [];
  let at = start;
  let index = 0;
  for (let variable = 0; variable < spans.length; variable += 2) {
    const [first = 0, behind = 0] = [spans[variable], spans[variable + 1]];
    for (; index < first; index++) at = segmentEnd(at, search) + 1;
    const from = at;
    for (; index < behind; index++) at = segmentEnd(at, search) + 1;
    captures.push(search.path.slice(from, behind === -1 ? search.end : at - 1));
  }
  return captures;
}

/** Spans in a path where `**` stands for so many segments that there are `count` in all. */
function stretched(
  spans: readonly number[],
  { deepIndex, length }: NonNullable<Route['inner']>,
  count: number,
): readonly number[] {
  return spans.map((index) => (index > deepIndex ? index + count - length : index));
}

function segmentCount(start: number, search: Search): number {
  let count = 0;
  for (let at = start; at <= search.end; at = segmentEnd(at, search) + 1) count++;
  return count;
}

function decodeCaptures(captures: string[], { variables }: Binding, path: string, expansion: ReservedExpansion): void {
  variables.forEach(({ text, isMultiSegment }, index) => {
    const raw = captures[index] ?? '';
    captures[index] = isMultiSegment ? decodeSegments(raw, text, expansion) : decodeSegment(raw, text);
  });
  // What no variable captured is decoded only to see that it can be.
  decodeSegment(path, '');
}

function duplicateOf(loser: Binding, winner: Binding, duplicates: Duplicates): Problem {
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
