/** Reading the JSON of options whose form is known but not checked: what is not of the form is passed over. */
import type { AuthoredSchema, Extensions } from './authored.ts';
import type { ExternalDocs, Keyed } from './document.ts';

export type Json = Readonly<Record<string, unknown>>;

export function record(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function strings(value: unknown): readonly string[] {
  return list(value).filter((each) => typeof each === 'string');
}

/** The members that are set: neither absent nor "". */
export function present<T extends Json>(members: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const set = Object.entries(members).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(set) as { [K in keyof T]?: NonNullable<T[K]> };
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Examples and defaults are texts that should hold JSON; what does not is a string. */
export function jsonOrText(value: unknown): unknown {
  if (typeof value !== 'string' || value === '') return undefined;
  try {
    return JSON.parse(value);
  } catch {
    return value.trim();
  }
}

export function externalDocsOf(value: unknown): ExternalDocs | undefined {
  const { url, description } = record(value);
  return typeof url === 'string' ? { url, ...present({ description: text(description) }) } : undefined;
}

/** `x-…` members by name. */
export function extensionsOf(members: Json): Extensions {
  return Object.fromEntries(Object.entries(members).filter(([name]) => name.startsWith('x-')));
}

export function mapValues<T, U>(members: Readonly<Record<string, T>>, change: (value: T) => U): Keyed<U> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value)]));
}

const numbers = [
  'multipleOf',
  'maxLength',
  'minLength',
  'maxItems',
  'minItems',
  'maxProperties',
  'minProperties',
] as const;

/** The keywords that both forms call the same. 64-bit numbers are texts in JSON; exclusive limits are flags. */
export function keywordsOf(json: Json): AuthoredSchema {
  const limits = ['maximum', 'minimum'].flatMap((name): [string, unknown][] => {
    const exclusive = `exclusive${name[0]?.toUpperCase()}${name.slice(1)}`;
    return json[name] === undefined ? [] : [[json[exclusive] === true ? exclusive : name, Number(json[name])]];
  });
  const counts = numbers.filter((name) => json[name] !== undefined).map((name) => [name, Number(json[name])]);
  const flags = ['readOnly', 'writeOnly', 'uniqueItems', 'deprecated'].filter((name) => json[name] === true);
  const required = strings(json['required']);
  return {
    ...present({
      title: text(json['title']),
      description: text(json['description']),
      pattern: text(json['pattern']),
      format: text(json['format']),
      externalDocs: externalDocsOf(json['externalDocs']),
    }),
    ...(required.length > 0 && { required }),
    ...Object.fromEntries([...limits, ...counts, ...flags.map((name) => [name, true])]),
  };
}
