import type { Binding } from '../routing/binding.ts';
import type { FieldDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import { lengthDelimitedFields, wireFieldAt } from '../wire/fragment.ts';

/** What is asked of a body: whether it sets a field, named by its path and given as the fields on it. */
export type IsSet = (name: string, path: readonly FieldDescriptor[]) => boolean;

/** For `collision: reject`: refuses a body that sets what the path binds. Undefined where none can. */
export function compileCollisionCheck({ body, variables }: Binding): ((isSet: IsSet) => void) | undefined {
  if (body.kind === 'none') return undefined;
  const prefix = body.kind === 'field' ? `${body.field.name}.` : '';
  const depth = body.kind === 'field' ? 1 : 0;
  const bound = variables
    .filter(({ text }) => text.startsWith(prefix))
    .map(({ text, fields }) => ({ text, name: text.slice(prefix.length), path: fields.slice(depth) }));
  if (bound.length === 0) return undefined;
  return (isSet) => {
    const collision = bound.find(({ name, path }) => isSet(name, path));
    if (collision === undefined) return;
    throw StatusError.invalidField(collision.text, 'set by the body and by the path; leave it out of the body');
  };
}

/** Whether a message holds the field at the end of `path`. Its bytes are known to be whole. */
export function isOnWire(wire: Uint8Array, [field, ...rest]: readonly FieldDescriptor[]): boolean {
  if (field === undefined) return true;
  if (rest.length > 0) {
    return lengthDelimitedFields(wire).some(([number, value]) => number === field.number && isOnWire(value, rest));
  }
  for (let position = 0, depth = 0; position < wire.length; ) {
    const { tag, end } = wireFieldAt(wire, position);
    if (depth === 0 && Math.floor(tag / 8) === field.number) return true;
    // What stands in a group is another message's.
    if (tag % 8 === 3) depth++;
    else if (tag % 8 === 4) depth--;
    position = end;
  }
  return false;
}
