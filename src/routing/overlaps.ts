/**
 * @module Pairs of rules that some path fits both of. Precedence decides them, so that they are no problem, but authors
 * seldom mean them: `check` names each.
 */
import { formatPosition, type Problem } from '../schema/problem.ts';
import type { Binding } from './binding.ts';
import { type PathTemplate, printPathTemplate, type Segment } from './path-template.ts';
import { createNode, createRoute, type Route, routesAt, type TrieNode } from './route-trie.ts';

/** Two rules of one HTTP method, and a path that both would match if the other were not there. */
export interface Overlap {
  readonly preferred: Binding;
  readonly other: Binding;
  /** `/v1/shelves/list`; where both have a wildcard it stands as in the template. */
  readonly path: string;
}

/** Every overlap among the bindings, each pair once, in the order of the bindings. Duplicates are the route table's. */
export function overlapsOf(bindings: readonly Binding[]): readonly Overlap[] {
  const root = createNode();
  const order = new Map<Binding, number>();
  for (const binding of bindings) {
    const routes = routesAt(root, binding);
    if (routes.some((route) => route.httpMethod === binding.httpMethod)) continue;
    routes.push(createRoute(binding));
    order.set(binding, order.size);
  }
  const overlaps: Overlap[] = [];
  for (const [binding, position] of order) {
    const seen = new Set<Binding>();
    visitMeeting(root, binding.template.segments, 0, ({ binding: other }) => {
      // What follows `**` is met in more than one way.
      if (seen.has(other)) return;
      seen.add(other);
      if (other.httpMethod !== binding.httpMethod || (order.get(other) ?? 0) <= position) return;
      if (verbsMeet(binding.template, other.template)) overlaps.push(overlapOf(binding, other));
    });
  }
  return overlaps;
}

/** The overlaps as findings, at the rule that gives way. */
export function findOverlaps(bindings: readonly Binding[]): readonly Problem[] {
  return overlapsOf(bindings).map(({ preferred, other, path }) => ({
    position: other.position,
    subject: nameOf(other),
    message:
      `${other.httpMethod} ${printPathTemplate(other.template)} gives way to ${nameOf(preferred)} ` +
      `(${formatPosition(preferred.position)}) where the path is ${path}`,
  }));
}

/** Visits the rules, with any verb, that fit some path which `segments` from `index` on fit too. */
function visitMeeting(
  node: TrieNode,
  segments: readonly Segment[],
  index: number,
  visit: (route: Route) => void,
): void {
  const segment = segments[index];
  if (node.deep !== undefined) visitDeep(node.deep, segments, index, visit);
  // `**` for no segment: what follows it, or nothing.
  if (segment?.kind === 'multi') visitMeeting(node, segments, index + 1, visit);
  if (segment === undefined) {
    visitRules(node, visit);
    return;
  }
  const next = segment.kind === 'multi' ? index : index + 1;
  if (node.single !== undefined) visitMeeting(node.single, segments, next, visit);
  const children = segment.kind === 'literal' ? [node.literals?.get(segment.text)] : node.literals?.values();
  for (const child of children ?? []) {
    if (child !== undefined) visitMeeting(child, segments, next, visit);
  }
}

/** The rules with `**` here: it takes as many of the segments as it likes. */
function visitDeep(deep: TrieNode, segments: readonly Segment[], index: number, visit: (route: Route) => void): void {
  visitRules(deep, visit);
  if (deep.literals === undefined && deep.single === undefined) return;
  for (let from = index; from < segments.length; from++) visitMeeting(deep, segments, from, visit);
}

function visitRules({ plain, verbs }: TrieNode, visit: (route: Route) => void): void {
  plain.forEach(visit);
  verbs?.forEach((routes) => void routes.forEach(visit));
}

/** A rule without a verb meets one with a verb when its last wildcard would take the colon into its value. */
function verbsMeet(a: PathTemplate, b: PathTemplate): boolean {
  if (a.verb === b.verb) return true;
  const plain = a.verb === undefined ? a : b.verb === undefined ? b : undefined;
  const last = plain?.segments.at(-1)?.kind;
  return last === 'single' || last === 'multi';
}

function overlapOf(a: Binding, b: Binding): Overlap {
  const isFirst = isPreferred(a.template, b.template);
  const [preferred, other] = isFirst ? [a, b] : [b, a];
  return { preferred, other, path: printPathTemplate(meetingOf(preferred.template, other.template)) };
}

const ranks = { literal: 0, single: 1, multi: 2 };

/** Whether `a` wins a path that both match: a verb first, then from the left what is more specific. */
function isPreferred(a: PathTemplate, b: PathTemplate): boolean {
  if (a.verb !== b.verb) return a.verb !== undefined;
  for (let index = 0; ; index++) {
    const [ofA, ofB] = [a.segments[index], b.segments[index]];
    // The shorter one ends where the other has `**` for no segment.
    if (ofA === undefined || ofB === undefined) return ofA === undefined;
    if (ofA.kind !== ofB.kind) return ranks[ofA.kind] < ranks[ofB.kind];
  }
}

function meetingOf(a: PathTemplate, b: PathTemplate): PathTemplate {
  const isLong = (template: PathTemplate): boolean => template.segments.at(-1)?.kind !== 'multi';
  const longest = isLong(a) ? a : isLong(b) ? b : a.segments.length >= b.segments.length ? a : b;
  const segments = longest.segments.map((own, index) => {
    const there = (longest === a ? b : a).segments[index];
    return own.kind === 'literal' || there === undefined || ranks[own.kind] <= ranks[there.kind] ? own : there;
  });
  return { segments, variables: [], verb: a.verb ?? b.verb };
}

function nameOf({ method }: Binding): string {
  return `${method.service.name}.${method.name}`;
}
