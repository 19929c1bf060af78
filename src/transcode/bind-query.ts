/**
 * @module Query parameters to wire fragments of the request message. What a name means is worked out once a binding and kept; a
 * request only looks it up.
 */
import type { Codec } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import type { Binding } from '../routing/binding.ts';
import type { FieldDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import { type Claim, claimsOf, oneofClaims, refusalOf, take } from './field-claims.ts';
import type { TranscodeOptions } from './options.ts';
import type { QueryPair } from './query-string.ts';
import { type QueryTarget, resolveQueryName } from './query-target.ts';

/** Wire fragments in the order of the parameters. Throws INVALID_ARGUMENT naming the parameter. */
export type QueryBinder = (pairs: readonly QueryPair[]) => readonly Uint8Array[];

/** What a parameter name does in one binding. */
type Action =
  | { readonly kind: 'skip' }
  | { readonly kind: 'refuse'; readonly why: string }
  | { readonly kind: 'read'; readonly read: (text: string) => Uint8Array; readonly claims: readonly Claim[] };

/** Names kept a binding: the schema's own, but a recursive type has endless ones and clients choose them. */
const MAX_KEPT_NAMES = 1_000;

export function compileQueryBinder(binding: Binding, codec: Codec, options: TranscodeOptions): QueryBinder {
  const kept = new Map<string, Action>();
  const bound = boundPaths(binding);
  const preset = bound.flatMap((path) => claimsOf(path).filter((claim) => claim.isOneof));
  const actionOf = (name: string): Action => {
    const known = kept.get(name);
    if (known !== undefined) return known;
    const target = resolveQueryName(binding.method.input, name, options.limits.depth);
    const action = createAction(target, { binding, codec, options, bound });
    // An entry's name holds the client's key, and an unknown one is the client's alone.
    if (target.kind === 'field' && kept.size < MAX_KEPT_NAMES) kept.set(name, action);
    return action;
  };
  return (pairs) => {
    const fragments: Uint8Array[] = [];
    const claimed = new Map<string, string>();
    for (const claim of preset) claimed.set(claim.slot, claim.member);
    for (const [name, value] of pairs) {
      const action = actionOf(name);
      if (action.kind === 'skip') continue;
      if (action.kind === 'refuse') throw StatusError.invalidField(name, action.why);
      for (const claim of action.claims) take(claimed, claim, name);
      fragments.push(readValue(action.read, name, value));
    }
    return fragments;
  };
}

function readValue(read: (text: string) => Uint8Array, name: string, value: string): Uint8Array {
  try {
    return read(value);
  } catch (error) {
    if (error instanceof CodecError) throw StatusError.invalidField(name, error.description, error);
    throw error;
  }
}

interface ActionContext {
  readonly binding: Binding;
  readonly codec: Codec;
  readonly options: TranscodeOptions;
  readonly bound: readonly (readonly FieldDescriptor[])[];
}

function createAction(target: QueryTarget, { binding, codec, options, bound }: ActionContext): Action {
  const outside = (why: string): Action =>
    options.unknownQuery === 'ignore' ? { kind: 'skip' } : { kind: 'refuse', why };
  if (target.kind === 'unknown') options.onUnknownQuery?.(binding.method);
  if (binding.body.kind === 'whole') {
    return outside(`${binding.method.fullName} takes no query parameters here: the body is the whole message`);
  }
  if (target.kind === 'unknown') return outside(`no such field in ${binding.method.input.fullName}`);
  const binder = bound.find((path) => path.every((field, index) => target.path[index] === field));
  if (binder !== undefined) {
    const holder = binding.body.kind === 'field' && binder[0] === binding.body.field ? 'body' : 'path';
    return outside(`already set by the ${holder} of the request`);
  }
  const refusal = refusalOf(target);
  if (refusal !== undefined) return { kind: 'refuse', why: refusal };
  if (target.kind === 'field') {
    return { kind: 'read', read: codec.textReader(target.path), claims: claimsOf(target.path) };
  }
  if (!options.queryMaps) return outside('map entries in the query are switched off (queryMaps)');
  const readEntry = codec.mapTextReader(target.path);
  return { kind: 'read', read: (text) => readEntry(target.key, text), claims: oneofClaims(target.path) };
}

/** The field paths that the binding's path and body hold. */
function boundPaths({ variables, body }: Binding): readonly (readonly FieldDescriptor[])[] {
  const paths = variables.map((variable) => variable.fields);
  return body.kind === 'field' ? [...paths, [body.field]] : paths;
}
