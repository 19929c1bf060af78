/** Keywords of one field beside its type: those its author wrote as options for documents, and the constraints of protovalidate. */
import type { FieldDescriptor } from '../schema/descriptors.ts';
import { authoredSchema } from './authored.ts';
import { constraintKeywords } from './constraint-keywords.ts';
import type { JsonSchema } from './document.ts';

/** What restricts one value; of a list that is each of its elements. */
const valueKeywords: ReadonlySet<string> = new Set([
  'pattern',
  'format',
  'enum',
  'const',
  'not',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
]);

/** What restricts nothing, and so may stand where a value is written that was never set. */
const annotations: ReadonlySet<string> = new Set(['title', 'default', 'examples', 'externalDocs']);

/** Said at the property or parameter, or not by keywords. */
const elsewhere: ReadonlySet<string> = new Set(['description', 'required', 'readOnly', 'writeOnly', 'deprecated']);

/** The schema of a field with what its author adds. `isUnset` values are written too: nothing may restrict them. */
export function withKeywords(schema: JsonSchema, field: FieldDescriptor, isUnset: boolean): JsonSchema {
  const entries = Object.entries(authoredSchema(field)).filter(([key]) => {
    return !elsewhere.has(key) && (!isUnset || annotations.has(key) || key.startsWith('x-'));
  });
  const constrained = isUnset ? schema : withConstraints(schema, constraintKeywords(field));
  if (entries.length === 0) return constrained;
  const isList = field.isRepeated && field.map === undefined;
  const ofValue = entries.filter(([key]) => isList && valueKeywords.has(key));
  const items = ofValue.length === 0 ? {} : { items: { ...constrained.items, ...Object.fromEntries(ofValue) } };
  return { ...constrained, ...items, ...Object.fromEntries(entries.filter((entry) => !ofValue.includes(entry))) };
}

/** The parts of lists and maps join; everything else stands beside what the type says. */
function withConstraints(
  schema: JsonSchema,
  { items, propertyNames, additionalProperties, ...own }: JsonSchema,
): JsonSchema {
  const values = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
  return {
    ...schema,
    // What the type says of a text's form holds as well.
    ...(schema.pattern !== undefined && own.pattern !== undefined
      ? { ...own, pattern: schema.pattern, allOf: [{ pattern: own.pattern }, ...(own.allOf ?? [])] }
      : own),
    ...(items !== undefined && { items: { ...schema.items, ...items } }),
    ...(propertyNames !== undefined && { propertyNames: { ...schema.propertyNames, ...propertyNames } }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: { ...values, ...additionalProperties } }),
  };
}
