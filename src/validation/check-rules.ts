/**
 * Finds the rules of protovalidate that could never be evaluated: of a kind that the field is not, with names that nothing has, or in CEL
 * that cannot be. The library tells so of a message at a time, and of most CEL only once it meets a value.
 */
import { CelScalar, type CelType, objectType } from '@bufbuild/cel';
import { create, type DescField, type DescMessage, type FileRegistry } from '@bufbuild/protobuf';
import { CompilationError, RuntimeError, type Validator } from '@bufbuild/protovalidate';
import type { Described, MessageDescriptor, Schema } from '../schema/descriptors.ts';
import { constraintsOf, expressionsIn, type FieldConstraints } from '../schema/field-constraints.ts';
import type { Problem } from '../schema/problem.ts';
import { typeOfMessage, typesOfField } from './cel-types.ts';
import { type CheckCel, createCelCheck } from './check-cel.ts';

export interface RuleReport {
  /** Rules that can never be evaluated. */
  readonly problems: readonly Problem[];
  /** Rules that fail for an empty value: it may be their mistake, and it may be that nobody sends one. */
  readonly findings: readonly Problem[];
}

interface RuleContext {
  readonly registry: FileRegistry;
  readonly schema: Schema;
  readonly validator: Validator;
}

/** Rules in CEL, and the type of what they are about. */
interface TypedRules {
  readonly expressions: readonly string[];
  readonly type: CelType;
}

/** What is wrong with the rules that these types have. */
export function checkRules(
  types: ReadonlySet<MessageDescriptor>,
  { registry, schema: { extensions }, validator }: RuleContext,
): RuleReport {
  const bare = bareTypes();
  const checkCel = createCelCheck(registry);
  const problems: Problem[] = [];
  const findings: Problem[] = [];
  const check = ({ position, fullName }: Described, rules: readonly TypedRules[], alone?: DescMessage): void => {
    const problemOf = (message: string): Problem => ({ position, subject: fullName, message });
    // A rule of one's own has what it is set to as well.
    const names = alone === undefined ? ['this', 'rule', 'rules'] : ['this'];
    const wrong = rules.flatMap((typed) => mistakesIn(typed, names, checkCel));
    problems.push(...wrong.map(problemOf));
    const error = wrong.length > 0 || alone === undefined ? undefined : validator.validate(alone, create(alone)).error;
    if (error instanceof CompilationError) problems.push(problemOf(`its rules cannot be: ${error.message}`));
    else if (error instanceof RuntimeError)
      findings.push(
        problemOf(`its rules fail for an empty value, which is then answered as INTERNAL: ${error.message}`),
      );
  };
  for (const extension of extensions.values()) {
    if (!extension.parent.fullName.startsWith('buf.validate.')) continue;
    const expressions = expressionsIn(extension.options.get('buf.validate.predefined'));
    check(extension, [{ expressions, type: CelScalar.DYN }]);
  }
  for (const type of types) {
    const desc = registry.getMessage(type.fullName);
    if (desc === undefined) continue;
    const own = new Map(desc.fields.map((field) => [field.number, field]));
    for (const field of type.fields) {
      const constraints = constraintsOf(field);
      const alone = own.get(field.number);
      if (constraints === undefined || alone === undefined) continue;
      check(field, rulesOf(constraints, alone), {
        ...desc,
        proto: withoutOptions(desc.proto),
        fields: [bare.inner(alone)],
      });
    }
    const { options } = type;
    const expressions = expressionsIn(options.get('buf.validate.message'));
    const typed = { expressions, type: typeOfMessage(desc) };
    check(type, [typed], { ...desc, fields: desc.fields.map(bare.field) });
  }
  return { problems, findings };
}

interface BareTypes {
  /** The field without rules of its own, or of the types that it leads to. */
  field(field: DescField): DescField;
  /** The field with its own rules alone: what its type asks of it is told of the type. */
  inner(field: DescField): DescField;
}

function bareTypes(): BareTypes {
  const known = new Map<DescMessage, DescMessage>();
  const inner = (field: DescField): DescField =>
    field.message === undefined ? field : ({ ...field, message: typeOf(field.message) } as DescField);
  const field = (given: DescField): DescField => ({ ...inner(given), proto: withoutOptions(given.proto) });
  const typeOf = (message: DescMessage): DescMessage => {
    const made = known.get(message);
    if (made !== undefined || message.typeName.startsWith('google.protobuf.')) return made ?? message;
    const fields: DescField[] = [];
    const type = { ...message, proto: withoutOptions(message.proto), oneofs: [], fields };
    // Types lead back to themselves.
    known.set(message, type);
    fields.push(...message.fields.map(field));
    return type;
  };
  return { field, inner };
}

function withoutOptions<Proto extends object>(proto: Proto): Proto {
  return Object.create(proto, { options: { value: undefined } });
}

const timestamp = objectType('google.protobuf.Timestamp');

function mistakesIn(
  { expressions, type }: TypedRules,
  names: readonly string[],
  checkCel: CheckCel,
): readonly string[] {
  const variables = new Map([['now', timestamp], ...names.map((name) => [name, type] as const)]);
  return expressions.flatMap((expression) => {
    const mistake = checkCel(expression, variables);
    return mistake === undefined ? [] : [`its rule \`${expression}\` cannot be: ${mistake}`];
  });
}

function rulesOf(constraints: FieldConstraints, field: DescField): readonly TypedRules[] {
  const { whole, part, key } = typesOfField(field);
  const of = (own: FieldConstraints | undefined, type: CelType): TypedRules => ({
    expressions: own?.expressions.map(({ expression }) => expression) ?? [],
    type,
  });
  const { items, keys, values } = constraints;
  return [of(constraints, whole), of(items, part), of(keys, key), of(values, part)];
}
