/** What the requests of each method have to hold, in words: for those who read the configuration. */
import type { MessageDescriptor, MethodDescriptor } from '../schema/descriptors.ts';
import { constraintsOf, expressionsIn, type FieldConstraints } from '../schema/field-constraints.ts';
import { reachableTypes } from './compiled-types.ts';
import type { ValidationKinds } from './create-validation.ts';
import { inputFields, needOf } from './field-annotations.ts';

/** Of one method, by the full names of fields. */
export interface HeldRules {
  /** `package.Service.Method` */
  readonly method: string;
  /** By google.api.field_behavior. */
  readonly required: readonly string[];
  /** By google.api.field_info. */
  readonly formats: readonly { readonly field: string; readonly format: string }[];
  /** Of protovalidate: `string.min_len`, `required`, `cel`; of a field, a oneof or a message. */
  readonly protovalidate: readonly { readonly subject: string; readonly rules: readonly string[] }[];
}

/** The methods whose requests have something to hold. */
export function heldRules(methods: Iterable<MethodDescriptor>, kinds: ValidationKinds): readonly HeldRules[] {
  return [...methods]
    .map(({ fullName, input }) => ({
      method: fullName,
      ...annotated(input, kinds),
      protovalidate: ruled(input, kinds),
    }))
    .filter(({ required, formats, protovalidate }) => required.length + formats.length + protovalidate.length > 0);
}

function annotated(input: MessageDescriptor, kinds: ValidationKinds): Pick<HeldRules, 'required' | 'formats'> {
  const fields = [...reachableTypes([input], inputFields)].flatMap(inputFields);
  const needs = fields.map((field) => ({ field: field.fullName, ...needOf(field, kinds) }));
  return {
    required: needs.filter(({ isRequired }) => isRequired).map(({ field }) => field),
    formats: needs.flatMap(({ field, format }) => (format === undefined ? [] : [{ field, format: format.name }])),
  };
}

function ruled(input: MessageDescriptor, { protovalidate }: ValidationKinds): HeldRules['protovalidate'] {
  if (!protovalidate) return [];
  const types = [...reachableTypes([input], ({ fields }) => fields)];
  return types
    .flatMap(({ fullName, fields, oneofs, options }) => [
      { subject: fullName, rules: rulesOfMessage(options.get('buf.validate.message')) },
      ...fields.map((field) => ({ subject: field.fullName, rules: rulesOf(constraintsOf(field)) })),
      ...oneofs.map((oneof) => ({
        subject: `${fullName}.${oneof.name}`,
        rules: oneof.options.get('buf.validate.oneof') === undefined ? [] : ['required'],
      })),
    ])
    .filter(({ rules }) => rules.length > 0);
}

function rulesOf(constraints: FieldConstraints | undefined): readonly string[] {
  if (constraints === undefined || constraints.ignored === 'always') return [];
  const { isRequired, kind, rules, items, keys, values, expressions } = constraints;
  const within = (name: string, part: FieldConstraints | undefined): readonly string[] =>
    rulesOf(part).map((rule) => `${kind}.${name}.${rule}`);
  return [
    ...(isRequired ? ['required'] : []),
    ...Object.keys(rules)
      .filter((name) => !parts.has(name))
      .map((name) => `${kind}.${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`),
    ...within('items', items),
    ...within('keys', keys),
    ...within('values', values),
    ...(expressions.length > 0 ? ['cel'] : []),
  ];
}

const parts: ReadonlySet<string> = new Set(['items', 'keys', 'values']);

function rulesOfMessage(option: unknown): readonly string[] {
  if (typeof option !== 'object' || option === null) return [];
  return [...(expressionsIn(option).length > 0 ? ['cel'] : []), ...('oneof' in option ? ['oneof'] : [])];
}
