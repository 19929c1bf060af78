/**
 * @module The query parameters that steer the gateway and are never fields (https://cloud.google.com/apis/docs/system-parameters):
 * `$alt`, `$fields`, `$prettyPrint`, and without the dollar sign, with `key`, where the request message has no such field.
 */
import type { MessageDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import type { QueryPair } from './query-string.ts';

export interface SystemParameters {
  readonly alt: 'json' | 'sse' | undefined;
  readonly prettyPrint: boolean | undefined;
  /** A FieldMask of what the reply shall hold, in its JSON or proto names. */
  readonly fields: string | undefined;
  /** The caller's API key. */
  readonly key: string | undefined;
}

/** What is left for the message once the system parameters are taken out. */
export interface SplitQuery {
  readonly system: SystemParameters;
  readonly pairs: readonly QueryPair[];
}

const none: SystemParameters = { alt: undefined, prettyPrint: undefined, fields: undefined, key: undefined };
export const emptyQuery: SplitQuery = { system: none, pairs: [] };

/** Splits the pairs of a query for one request type. `ignored` names are dropped. */
export function compileQuerySplitter(
  input: MessageDescriptor,
  ignored: ReadonlySet<string>,
): (pairs: readonly QueryPair[]) => SplitQuery {
  const meanings = new Map<string, keyof SystemParameters | 'none'>();
  for (const name of ['alt', 'prettyPrint', 'fields'] as const) {
    meanings.set(`$${name}`, name);
    if (!hasField(input, name)) meanings.set(name, name);
  }
  if (!hasField(input, 'key')) meanings.set('key', 'key');
  for (const name of ignored) meanings.set(name, 'none');
  return (pairs) => {
    let system = none;
    const rest = pairs.filter(([name, value]) => {
      const meaning = meanings.get(name);
      if (meaning !== undefined && meaning !== 'none') system = { ...system, [meaning]: parse(meaning, name, value) };
      return meaning === undefined;
    });
    return { system, pairs: rest };
  };
}

function hasField(message: MessageDescriptor, name: string): boolean {
  return message.fieldsByJsonName.has(name) || message.fieldsByName.has(name);
}

function parse(meaning: keyof SystemParameters, name: string, value: string): string | boolean {
  if (meaning === 'fields' || meaning === 'key') return value;
  const values = meaning === 'alt' ? ['json', 'sse'] : ['true', 'false'];
  if (!values.includes(value)) throw StatusError.invalidField(name, `"${value}" is neither ${values.join(' nor ')}`);
  return meaning === 'alt' ? value : value === 'true';
}
