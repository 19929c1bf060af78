/**
 * @module The rules by their segments. Each node is reached by one way only, so that a search with all its backtracking visits it at
 * most once, however hostile the rules and the path; but for the few behind a `**`, which are looked for once a segment.
 */
import type { Binding } from './binding.ts';

/**
 * A binding in the trie, with what a match needs of it in one place. Among ten thousand rules most of what a match
 * costs is memory that is not in the cache; this, and no empty maps in the nodes, more than halved it.
 */
export interface Route {
  readonly binding: Binding;
  readonly httpMethod: string;
  /** For each variable the index of its first segment and the one behind its last; -1 where `**` takes all the rest. */
  readonly spans: readonly number[];
  /** Where segments follow `**`: its index, and how many segments the template has; undefined for all others. */
  readonly inner: { readonly deepIndex: number; readonly length: number } | undefined;
}

export interface TrieNode {
  literals: Map<string, TrieNode> | undefined;
  single: TrieNode | undefined;
  /** `**`: its children are what follows it. */
  deep: TrieNode | undefined;
  /** The rules that end here without a verb, at most one for each HTTP method. */
  readonly plain: Route[];
  verbs: Map<string, Route[]> | undefined;
}

export function createNode(): TrieNode {
  return { literals: undefined, single: undefined, deep: undefined, plain: [], verbs: undefined };
}

export function createRoute(binding: Binding): Route {
  const { segments } = binding.template;
  const deepIndex = segments.findIndex(({ kind }) => kind === 'multi');
  const isLast = deepIndex === segments.length - 1;
  const spans = binding.variables.flatMap(({ start, end }) => [start, isLast && end === segments.length ? -1 : end]);
  const inner = deepIndex === -1 || isLast ? undefined : { deepIndex, length: segments.length };
  return { binding, httpMethod: binding.httpMethod, spans, inner };
}

/** The routes that match the same paths as the binding would. Makes the way there; the caller adds and replaces. */
export function routesAt(root: TrieNode, { template }: Binding): Route[] {
  let node = root;
  for (const segment of template.segments) {
    if (segment.kind === 'literal') {
      node.literals ??= new Map();
      node = getOrInsert(node.literals, segment.text, createNode);
    } else if (segment.kind === 'single') {
      node.single ??= createNode();
      node = node.single;
    } else {
      node.deep ??= createNode();
      node = node.deep;
    }
  }
  if (template.verb === undefined) return node.plain;
  node.verbs ??= new Map();
  return getOrInsert(node.verbs, template.verb, () => []);
}

function getOrInsert<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
