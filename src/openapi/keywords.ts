/** Keywords of one field beside its type: those its author wrote as options. */
import type { FieldDescriptor } from '../schema/descriptors.ts';
import { type AuthoredSchema, authoredSchema } from './authored.ts';
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
  const entries = Object.entries(keywordsOf(field)).filter(([key]) => {
    return !elsewhere.has(key) && (!isUnset || annotations.has(key) || key.startsWith('x-'));
  });
  if (entries.length === 0) return schema;
  const isList = field.isRepeated && field.map === undefined;
  const ofValue = entries.filter(([key]) => isList && valueKeywords.has(key));
  const items = ofValue.length === 0 ? {} : { items: { ...schema.items, ...Object.fromEntries(ofValue) } };
  return { ...schema, ...items, ...Object.fromEntries(entries.filter((entry) => !ofValue.includes(entry))) };
}

function keywordsOf(field: FieldDescriptor): AuthoredSchema {
  return authoredSchema(field);
}
