/** What under `shadow:` only the schema shows to be wrong. */
import type { Schema } from '../schema/descriptors.ts';
import type { Problem } from '../schema/problem.ts';
import { nearestName } from './nearest-name.ts';
import type { Options } from './options.ts';

/** Fields to be ignored or redacted that no message has: for a slip of the pen a value would be logged. */
export function unknownFields(shadow: NonNullable<Options['shadow']>, { messages }: Schema): readonly Problem[] {
  const fields = [...messages.values()].flatMap((message) => message.fields);
  const known = new Set(fields.flatMap(({ name, jsonName }) => [name, jsonName]));
  return (['ignore', 'redact'] as const).flatMap((key) =>
    shadow[key].flatMap((path, index) => {
      const name = path.split('.').find((part) => !known.has(part));
      if (name === undefined) return [];
      const near = nearestName(name, [...known]);
      const message = `no message has a field ${name}${near === undefined ? '' : `; did you mean ${near}?`}`;
      return [{ position: undefined, subject: `shadow.${key}[${index}]`, message }];
    }),
  );
}
