/**
 * @module Why a request means what it means: the rule that matched and the ones that almost did, for `tandem explain`.
 * Compares every rule with the path one by one, apart from the trie, since it must say why each one failed.
 */
import { StatusError } from '../status/status-error.ts';
import type { Binding } from './binding.ts';
import { decodeLiteral } from './decode.ts';
import { printPathTemplate, type Segment } from './path-template.ts';
import type { MatchOutcome, RouteTable } from './route-table.ts';

export interface Explanation {
  /** As the table has it; `invalid` where a rule has the path, but a capture cannot be decoded (400). */
  readonly outcome: MatchOutcome | { readonly kind: 'invalid'; readonly error: StatusError };
  /** One sentence. */
  readonly reason: string;
  /** The closest first. */
  readonly nearMisses: readonly NearMiss[];
}

export interface NearMiss {
  readonly binding: Binding;
  /** `segment 2 is "shelfs", not "shelves"`, `its method is POST`. */
  readonly reason: string;
}

/** How a rule fits a path: `fitting` counts the segments from the left, and `reason` is "" when all of it fits. */
interface Fit {
  readonly binding: Binding;
  readonly fitting: number;
  readonly reason: string;
}

const nearMissLimit = 5;

/** Matches as the table would and says why, with up to five rules that came close. */
export function explainMatch(table: RouteTable, httpMethod: string, rawPath: string): Explanation {
  const outcome = matchOf(table, httpMethod, rawPath);
  const matched = outcome.kind === 'matched' ? outcome.binding : undefined;
  const nearMisses = table.bindings
    .filter((binding) => binding !== matched)
    .map((binding) => fitOf(binding, rawPath))
    .filter(({ fitting, reason }) => fitting > 0 || reason === '')
    .sort((a, b) => Number(a.reason !== '') - Number(b.reason !== '') || b.fitting - a.fitting)
    .slice(0, nearMissLimit)
    .map(({ binding, reason }) => ({ binding, reason: reason || whyNotTaken(binding, outcome, httpMethod) }));
  return { outcome, reason: reasonOf(outcome, httpMethod, rawPath), nearMisses };
}

function matchOf(table: RouteTable, httpMethod: string, rawPath: string): Explanation['outcome'] {
  try {
    return table.match(httpMethod, rawPath);
  } catch (error) {
    if (error instanceof StatusError) return { kind: 'invalid', error };
    throw error;
  }
}

function reasonOf(outcome: Explanation['outcome'], httpMethod: string, rawPath: string): string {
  switch (outcome.kind) {
    case 'matched':
      return reasonOfMatch(outcome.binding, httpMethod, rawPath);
    case 'invalid':
      return `a rule has this path, but ${outcome.error.message}`;
    case 'wrongMethod':
      return `this path is there, but not for ${httpMethod}`;
    case 'options':
      return 'no rule has OPTIONS, which is answered with the methods of this path';
    case 'unmatched':
      return 'no rule has this path';
  }
}

function reasonOfMatch(binding: Binding, httpMethod: string, rawPath: string): string {
  const { template } = binding;
  const reasons = [`the path fits ${printPathTemplate(template)}`];
  if (binding.httpMethod === '*') reasons.push('it takes any method');
  else if (binding.httpMethod !== httpMethod) reasons.push(`${httpMethod} is served from ${binding.httpMethod}`);
  const colon = rawPath.lastIndexOf(':');
  if (template.verb === undefined && colon > rawPath.lastIndexOf('/')) {
    reasons.push(`"${rawPath.slice(colon)}" is no verb here, so that the colon is part of the value`);
  }
  return reasons.join('; ');
}

/** Why a rule that fits the path was not taken. */
function whyNotTaken(binding: Binding, outcome: Explanation['outcome'], httpMethod: string): string {
  if (outcome.kind === 'invalid') return 'it has this path';
  const matched = outcome.kind === 'matched' ? outcome.binding : undefined;
  const isServed = [httpMethod, httpMethod === 'HEAD' ? 'GET' : '', '*'].includes(binding.httpMethod);
  if (!isServed) return `its method is ${binding.httpMethod}`;
  const { segments, verb } = binding.template;
  // The colon was a verb's: of the rule that matched, or of one with another method.
  if (verb === undefined && (matched === undefined || matched.template.verb !== undefined)) {
    return 'what follows the colon is the verb of another rule';
  }
  const at = segments.findIndex((segment, index) => segment.kind !== matched?.template.segments[index]?.kind);
  if (at === -1) return 'a rule that names the method is preferred';
  return `less specific in segment ${at + 1}: ${describe(segments[at])}`;
}

function fitOf(binding: Binding, rawPath: string): Fit {
  const { segments, verb } = binding.template;
  const colon = rawPath.lastIndexOf(':');
  const sent = colon > rawPath.lastIndexOf('/') ? decodeLiteral(rawPath.slice(colon + 1)) : undefined;
  const isVerbSent = verb !== undefined && sent === verb;
  const path = isVerbSent ? rawPath.slice(0, colon) : rawPath;
  const given = path.length > 1 ? path.slice(1).split('/') : [];
  const deep = segments.findIndex(({ kind }) => kind === 'multi');
  if (deep !== -1 && deep < segments.length - 1) return innerFit(binding, given, deep, isVerbSent);
  const length = deep === -1 ? segments.length : deep;
  const differing = segments.slice(0, length).findIndex((segment, index) => !fits(segment, given[index]));
  if (differing !== -1) {
    return {
      binding,
      fitting: differing,
      reason: describeDifference(segments[differing], given[differing], differing),
    };
  }
  if (length === segments.length && given.length > length) {
    const rest = given[length] === '' ? 'has a slash behind' : 'goes on after';
    return { binding, fitting: length, reason: `the path ${rest} segment ${length}` };
  }
  const reason = verb === undefined || isVerbSent ? '' : `the verb ":${verb}" is missing`;
  return { binding, fitting: length, reason };
}

/** With segments behind `**`: those before it count from the left, those behind it from the right. */
function innerFit(binding: Binding, given: readonly string[], deep: number, isVerbSent: boolean): Fit {
  const { segments, verb } = binding.template;
  const tail = segments.slice(deep + 1);
  const differing = segments.slice(0, deep).findIndex((segment, index) => !fits(segment, given[index]));
  if (differing !== -1) {
    const reason = describeDifference(segments[differing], given[differing], differing);
    return { binding, fitting: differing, reason };
  }
  const ends = given.slice(Math.max(deep, given.length - tail.length));
  const isEnd = ends.length === tail.length && tail.every((segment, index) => fits(segment, ends[index]));
  if (!isEnd) return { binding, fitting: deep, reason: `the path does not end in ${tail.map(describe).join('/')}` };
  const reason = verb === undefined || isVerbSent ? '' : `the verb ":${verb}" is missing`;
  return { binding, fitting: segments.length, reason };
}

function fits(segment: Segment, raw: string | undefined): boolean {
  if (raw === undefined) return false;
  return segment.kind === 'literal' ? decodeLiteral(raw) === segment.text : raw !== '';
}

function describeDifference(segment: Segment | undefined, raw: string | undefined, index: number): string {
  if (raw === undefined) return `the path ends before segment ${index + 1}, ${describe(segment)}`;
  if (raw === '') return `segment ${index + 1} is empty, not ${describe(segment)}`;
  return `segment ${index + 1} is ${JSON.stringify(raw)}, not ${describe(segment)}`;
}

function describe(segment: Segment | undefined): string {
  if (segment?.kind === 'literal') return JSON.stringify(segment.text);
  return segment?.kind === 'multi' ? '**' : '*';
}
