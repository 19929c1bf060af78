/**
 * @module The update mask that a PATCH leaves to the gateway: derived from the keys that are present in its body (AIP-134).
 */
import type { Binding } from '../routing/binding.ts';
import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import { lengthDelimited } from '../wire/fragment.ts';
import type { QueryPair } from './query-string.ts';

/** A FieldMask's `paths`. */
const PATHS = 1;

/** The fragment that sets the mask to the paths that are present in the body; empty when the client set one itself, or when there is nothing to set. */
export type MaskDeriver = (present: () => readonly string[], pairs: readonly QueryPair[]) => Uint8Array;

const nothing = new Uint8Array();

/** Undefined where no mask is ever derived: not a PATCH, no body field, or no `update_mask` of type FieldMask. */
export function compileMaskDeriver({ httpMethod, body, method }: Binding): MaskDeriver | undefined {
  const mask = method.input.fieldsByName.get('update_mask');
  const resource = body.kind === 'field' ? messageOf(body.field) : undefined;
  if (httpMethod !== 'PATCH' || resource === undefined || mask === undefined) return undefined;
  if (messageOf(mask)?.fullName !== 'google.protobuf.FieldMask') return undefined;
  const isMask = ([name]: QueryPair): boolean => {
    const [head] = name.split('.');
    return head === mask.jsonName || head === mask.name;
  };
  return (present, pairs) => {
    if (pairs.some(isMask)) return nothing;
    const paths = present().map((path) => lengthDelimited(PATHS, Buffer.from(path)));
    return paths.length === 0 ? nothing : lengthDelimited(mask.number, ...paths);
  };
}

function messageOf(field: FieldDescriptor): MessageDescriptor | undefined {
  return field.type.kind === 'message' && !field.isRepeated ? field.type.message : undefined;
}
