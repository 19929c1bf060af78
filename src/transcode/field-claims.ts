/**
 * @module What a field named in a query or a form asks of it: that it can be given as text, and that nothing else in the same place holds it.
 */
import type { FieldDescriptor } from '../schema/descriptors.ts';
import { textMessages } from '../schema/text-messages.ts';
import { StatusError } from '../status/status-error.ts';
import { opaqueMessages, type QueryTarget } from './query-target.ts';

/**
 * A slot that only one parameter may take: a singular field (`slot` is its path, any second use is an error), or a oneof
 * (`member` says which of its members; the same member again is fine, it may be a message with several leaves).
 */
export interface Claim {
  readonly slot: string;
  readonly member: string;
  readonly isOneof: boolean;
}

/** Notes a claim; throws INVALID_ARGUMENT when something else has the slot. */
export function take(claimed: Map<string, string>, { slot, member, isOneof }: Claim, name: string): void {
  const holder = claimed.get(slot);
  if (holder === undefined) claimed.set(slot, member);
  else if (!isOneof) throw StatusError.invalidField(name, 'given more than once, but the field holds one value');
  else if (holder !== member) {
    throw StatusError.invalidField(name, `excludes ${holder}: both are members of the oneof ${slot}`);
  }
}

/** Why a field cannot be given as text at all; undefined when it can. */
export function refusalOf(target: Exclude<QueryTarget, { kind: 'unknown' }>): string | undefined {
  const leaf = target.path.at(-1);
  if (leaf === undefined) return undefined;
  if (target.kind === 'field' && leaf.map !== undefined) return `a map; write ${leaf.jsonName}[key]=value`;
  const type = leaf.map === undefined ? leaf.type : leaf.map.value.type;
  if (type.kind !== 'message' || textMessages.has(type.message.fullName)) return undefined;
  if (leaf.isRepeated) return `a list of ${type.message.fullName} messages cannot be given as text`;
  if (opaqueMessages.has(type.message.fullName)) return `a ${type.message.fullName} message cannot be given as text`;
  const example = type.message.fields[0]?.jsonName;
  const hint = example === undefined ? '' : `, such as ${leaf.jsonName}.${example}=…`;
  return `a ${type.message.fullName} message cannot be given as one value; name its fields${hint}`;
}

/** What setting the field at the end of a path claims. */
export function claimsOf(path: readonly FieldDescriptor[]): readonly Claim[] {
  const claims = oneofClaims(path);
  if (path.at(-1)?.isRepeated) return claims;
  const slot = path.map((field) => field.name).join('.');
  return [...claims, { slot, member: slot, isOneof: false }];
}

/** The oneofs on the way. */
export function oneofClaims(path: readonly FieldDescriptor[]): readonly Claim[] {
  return path.flatMap(({ oneof, name }, index) => {
    if (oneof === undefined) return [];
    const parents = path.slice(0, index).map((field) => field.name);
    const slot = [...parents, oneof.name].join('.');
    return [{ slot, member: [...parents, name].join('.'), isOneof: true }];
  });
}
