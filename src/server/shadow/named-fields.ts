/** The fields in which two answers differ, in the schema's words alone: what a client has put into a map's key or a Struct is not among them. */
import type { Step, SteppedDifference } from '../../compare/diff-json.ts';
import type { FieldDescriptor, MessageDescriptor } from '../../schema/descriptors.ts';

export interface NamedDifference extends Pick<SteppedDifference, 'left' | 'right'> {
  /** `books[2].labels[*].text`; of the status `status.code`. */
  readonly field: string;
  /** Fields on the way, outermost first. */
  readonly fields: readonly FieldDescriptor[];
}

/** Of answers as `answerValue` gives them; `start` is what the reply is over REST: a message, or one of its fields. */
export function namedDifference(
  { steps, left, right }: SteppedDifference,
  start: MessageDescriptor | FieldDescriptor,
): NamedDifference {
  const [part, ...rest] = steps;
  if (part !== 'messages') return { field: steps.slice(0, 2).join('.'), fields: [], left, right };
  const isField = start.kind === 'field';
  const fields: FieldDescriptor[] = isField ? [start] : [];
  let at = isField ? innerOf(start) : start;
  let map = isField ? start.map : undefined;
  let text = isField ? start.jsonName : '';
  // The first step is the index of the message, of which there is one.
  for (const step of rest.slice(1)) {
    if (map !== undefined) {
      text += '[*]';
      map = undefined;
    } else if (typeof step === 'number') {
      text += `[${step}]`;
    } else {
      const field: FieldDescriptor | undefined = at && fieldOf(at, step);
      if (field === undefined) break;
      fields.push(field);
      text += `${text === '' ? '' : '.'}${step}`;
      map = field.map;
      at = innerOf(field);
    }
  }
  return { field: text === '' ? 'message' : text, fields, left, right };
}

/** Those of google.protobuf have a JSON of their own. */
function fieldOf(message: MessageDescriptor, name: Step): FieldDescriptor | undefined {
  return message.file.package === 'google.protobuf' ? undefined : message.fieldsByJsonName.get(String(name));
}

function innerOf({ type, map }: FieldDescriptor): MessageDescriptor | undefined {
  const inner = map?.value.type ?? type;
  return inner.kind === 'message' ? inner.message : undefined;
}

/**
 * Tells the fields that a list of names means: `update_time` wherever it stands, `book.etag` in a field `book`. Names are those of the proto or of
 * JSON. What is in such a field is meant with it.
 */
export function fieldMatcher(names: readonly string[]): (fields: readonly FieldDescriptor[]) => boolean {
  const wanted = names.map((name) => name.split('.'));
  const isNamed = (field: FieldDescriptor | undefined, name: string): boolean =>
    field?.name === name || field?.jsonName === name;
  return (fields) =>
    wanted.some((path) => fields.some((_, at) => path.every((name, index) => isNamed(fields[at + index], name))));
}
