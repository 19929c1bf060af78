/** Constraints of protovalidate as keywords of JSON Schema, and in words where there is no keyword. */
import type { FieldDescriptor } from '../schema/descriptors.ts';
import { constraintsOf, type FieldConstraints } from '../schema/field-constraints.ts';
import type { JsonSchema } from './document.ts';

/** A keyword for each rule that has one. */
type Keywords = Omit<JsonSchema, 'type' | '$ref' | 'properties' | 'required'>;

const noKeywords: Keywords = {};

/** What the field's value must be like, as keywords of its own schema; those of a list's elements are in `items`. */
export function constraintKeywords(field: FieldDescriptor): Keywords {
  return keywordsOf(constraintsOf(field), field);
}

function keywordsOf(constraints: FieldConstraints | undefined, field: FieldDescriptor): Keywords {
  if (constraints === undefined || constraints.ignored !== undefined) return noKeywords;
  const { rules, kind } = constraints;
  if (kind === 'repeated') {
    const items = keywordsOf(constraints.items, field);
    return {
      ...numbersOf(rules, { minItems: 'minItems', maxItems: 'maxItems' }),
      ...(rules['unique'] === true && { uniqueItems: true }),
      ...(items !== noKeywords && { items }),
    };
  }
  if (kind === 'map' && field.map !== undefined) {
    const propertyNames = keywordsOf(constraints.keys, field.map.key);
    const additionalProperties = keywordsOf(constraints.values, field.map.value);
    return {
      ...numbersOf(rules, { minPairs: 'minProperties', maxPairs: 'maxProperties' }),
      ...(propertyNames !== noKeywords && { propertyNames }),
      ...(additionalProperties !== noKeywords && { additionalProperties }),
    };
  }
  if (kind === 'string') return stringKeywords(rules);
  if (kind === 'enum') return enumKeywords(rules, field);
  if (kind !== undefined && numberKinds.has(kind)) return numberKeywords(rules);
  return kind === 'bool' && rules['const'] !== undefined ? { enum: [rules['const'] as never] } : valuesOf(rules);
}

/** 64-bit numbers are texts in JSON, which no limit speaks of. */
const numberKinds: ReadonlySet<string> = new Set(
  ['float', 'double', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32'], // biome-ignore format: a table
);

function numberKeywords(rules: FieldConstraints['rules']): Keywords {
  const [low, high] = [rules['gt'] ?? rules['gte'], rules['lt'] ?? rules['lte']].map(Number);
  // A range the wrong way round is all that lies outside of it.
  if (low !== undefined && high !== undefined && low > high) return valuesOf(rules);
  const limits = { gt: 'exclusiveMinimum', gte: 'minimum', lt: 'exclusiveMaximum', lte: 'maximum' };
  return { ...numbersOf(rules, limits), ...valuesOf(rules) };
}

/** `const`, `in`, `notIn` and `example`, which all kinds have. */
function valuesOf(rules: FieldConstraints['rules']): Keywords {
  const [only, among, except, examples] = ['const', 'in', 'notIn', 'example'].map((name) => rules[name]);
  return {
    ...(only !== undefined && { const: only as string }),
    ...(Array.isArray(among) && { enum: among }),
    ...(Array.isArray(except) && { not: { enum: except } }),
    ...(Array.isArray(examples) && { examples }),
  };
}

/** Only by number in the options, by name in JSON. */
function enumKeywords(rules: FieldConstraints['rules'], { type }: FieldDescriptor): Keywords {
  if (type.kind !== 'enum') return noKeywords;
  const nameOf = (number: unknown): string => type.enum.valuesByNumber.get(Number(number))?.name ?? String(number);
  const named = Object.entries(rules).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(nameOf) : nameOf(value),
  ]);
  return valuesOf(Object.fromEntries(named));
}

const formats: Readonly<Record<string, string>> = {
  email: 'email',
  hostname: 'hostname',
  ipv4: 'ipv4',
  ipv6: 'ipv6',
  uri: 'uri',
  uriRef: 'uri-reference',
  uuid: 'uuid',
};

const patterns: Readonly<Record<string, string>> = {
  tuuid: '^[0-9a-fA-F]{32}$',
  protobufFqn: '^[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)*$',
  protobufDotFqn: '^\\.[A-Za-z_]\\w*(\\.[A-Za-z_]\\w*)*$',
  ulid: '^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$',
};

function stringKeywords(rules: FieldConstraints['rules']): Keywords {
  const format = Object.keys(formats).find((name) => rules[name] === true);
  const found = [
    ...Object.keys(patterns)
      .filter((name) => rules[name] === true)
      .map((name) => patterns[name] ?? ''),
    ...textRules(rules),
  ];
  const [pattern, ...others] = found;
  const length = rules['len'];
  return {
    ...numbersOf(rules, { minLen: 'minLength', maxLen: 'maxLength' }),
    ...(length !== undefined && { minLength: Number(length), maxLength: Number(length) }),
    ...(format !== undefined && { format: formats[format] ?? '' }),
    ...(rules['ip'] === true && { anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }),
    ...(rules['address'] === true && { anyOf: ['hostname', 'ipv4', 'ipv6'].map((each) => ({ format: each })) }),
    ...(pattern !== undefined && { pattern }),
    ...(others.length > 0 && { allOf: others.map((each) => ({ pattern: each })) }),
    ...valuesOf(rules),
  };
}

/** `pattern`, `prefix`, `suffix`, `contains` as regular expressions. */
function textRules(rules: FieldConstraints['rules']): readonly string[] {
  const forms = [['pattern', String], ['prefix', (text: string) => `^${escaped(text)}`], ['suffix', (text: string) => `${escaped(text)}$`], ['contains', escaped]] as const; // biome-ignore format: a table
  return forms.flatMap(([name, write]) => (typeof rules[name] === 'string' ? [write(rules[name])] : []));
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function numbersOf(rules: FieldConstraints['rules'], names: Readonly<Record<string, string>>): Keywords {
  const set = Object.entries(names).filter(([name]) => rules[name] !== undefined);
  return Object.fromEntries(set.map(([name, keyword]) => [keyword, Number(rules[name])]));
}

/** What has no keyword, in words: limits of values that JSON has as text, and rules in CEL. "" when there is nothing to say. */
export function constraintNote(field: FieldDescriptor): string {
  const constraints = constraintsOf(field);
  if (constraints === undefined || constraints.ignored === 'always') return '';
  const { rules, kind = '', expressions } = constraints;
  const isInWords = !numberKinds.has(kind) && kind !== 'string';
  const limits = isInWords ? limitWords.filter(([name]) => rules[name] !== undefined) : [];
  const words = limits.map(([name, text]) => `${text} ${String(rules[name])}`);
  const sentence = words.length === 0 ? '' : `Must be ${words.join(' and ')}.`;
  const rest = expressions.map(({ message, expression }) => (message === '' ? `\`${expression}\`` : message));
  return [sentence, ...rest.map((each) => `Must hold: ${each}.`)].filter((each) => each !== '').join(' ');
}

const limitWords = [
  ['gt', 'greater than'],
  ['gte', 'at least'],
  ['lt', 'less than'],
  ['lte', 'at most'],
] as const;
