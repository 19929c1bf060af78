/**
 * The rules of protovalidate on a field (`buf.validate.field`), as its options hold them: the one place that knows their form.
 * Nothing is checked here; documents show them, and who validates at run time reads them from here as well.
 */
import type { FieldDescriptor, MessageDescriptor } from './descriptors.ts';

/** Rules of one value. Numbers of 64 bits, durations and timestamps are texts, as in JSON. */
export interface FieldConstraints {
  /** The field must be set; without presence: to something else than its zero value. */
  readonly isRequired: boolean;
  /** Nothing holds (`always`), or nothing for the zero value (`ifZero`). */
  readonly ignored: 'always' | 'ifZero' | undefined;
  /** Which rules these are: `string`, `int32`, `repeated`, `duration`…; undefined when only `required` or `cel` is set. */
  readonly kind: string | undefined;
  /** The members of these rules by their JSON names: `minLen`, `gte`, `in`… */
  readonly rules: Readonly<Record<string, unknown>>;
  /** Of lists. */
  readonly items: FieldConstraints | undefined;
  /** Of maps. */
  readonly keys: FieldConstraints | undefined;
  readonly values: FieldConstraints | undefined;
  /** Rules in the Common Expression Language. */
  readonly expressions: readonly ConstraintExpression[];
}

export interface ConstraintExpression {
  readonly id: string;
  readonly message: string;
  readonly expression: string;
}

/** The constraints of a field; undefined when it has none. */
export function constraintsOf({ options }: FieldDescriptor): FieldConstraints | undefined {
  return readConstraints(options.get('buf.validate.field'));
}

const constraintOptions: readonly string[] = ['buf.validate.field', 'buf.validate.message', 'buf.validate.oneof'];

/** True when a type has constraints of its own: on a field, on a oneof, or as a whole. */
export function hasConstraints(type: MessageDescriptor): boolean {
  return [type, ...type.fields, ...type.oneofs].some(({ options }) =>
    constraintOptions.some((name) => options.get(name) !== undefined),
  );
}

const common: ReadonlySet<string> = new Set(['cel', 'celExpression', 'required', 'ignore']);

function readConstraints(value: unknown): FieldConstraints | undefined {
  if (!isRecord(value)) return undefined;
  const kind = Object.keys(value).find((key) => !common.has(key) && isRecord(value[key]));
  const rules = kind === undefined ? {} : (value[kind] as Readonly<Record<string, unknown>>);
  return {
    isRequired: value['required'] === true,
    ignored: ignoredBy(value['ignore']),
    kind,
    rules,
    items: readConstraints(rules['items']),
    keys: readConstraints(rules['keys']),
    values: readConstraints(rules['values']),
    expressions: readExpressions(value),
  };
}

/** The rules in CEL of an option that has some: `buf.validate.message`, or `buf.validate.predefined` of a rule that a user has added. */
export function expressionsIn(option: unknown): readonly string[] {
  return isRecord(option) ? readExpressions(option).map(({ expression }) => expression) : [];
}

function readExpressions(option: Readonly<Record<string, unknown>>): readonly ConstraintExpression[] {
  return [...listOf(option['cel']).map(readExpression), ...listOf(option['celExpression']).map(bareExpression)];
}

function ignoredBy(value: unknown): FieldConstraints['ignored'] {
  if (value === 'IGNORE_ALWAYS') return 'always';
  return value === 'IGNORE_IF_ZERO_VALUE' ? 'ifZero' : undefined;
}

function readExpression(value: unknown): ConstraintExpression {
  const rule = isRecord(value) ? value : {};
  return { id: textOf(rule['id']), message: textOf(rule['message']), expression: textOf(rule['expression']) };
}

function bareExpression(value: unknown): ConstraintExpression {
  return { id: '', message: '', expression: textOf(value) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
