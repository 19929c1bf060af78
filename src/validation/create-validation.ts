/**
 * @module What is wrong with a request message by what its proto says, told before an upstream is called. Compiled once, for the types
 * that have something to hold. No hooks and no options: the gateway asks.
 */
import { type FileRegistry, fromBinary, type Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { MessageDescriptor, MethodDescriptor, Schema } from '../schema/descriptors.ts';
import { hasConstraints } from '../schema/field-constraints.ts';
import { GrpcCode } from '../status/code.ts';
import { type FieldViolation, StatusError } from '../status/status-error.ts';
import type { RuleReport } from './check-rules.ts';
import { compileTypes, reachableTypes, typesLeadingTo } from './compiled-types.ts';
import { type AnnotationKinds, annotatedTypes, compileAnnotations } from './field-annotations.ts';
import type { MessageCheck } from './message-check.ts';
import { refusalOf } from './refusal.ts';

// A list of a million empty messages, each of which lacks three fields, comes in two megabytes. Nobody reads what that makes, and no trailer
// holds it.
const largeBytes = 16 * 1024;

/** What is held. */
export interface ValidationKinds extends AnnotationKinds {
  readonly protovalidate: boolean;
}

/** Throws INVALID_ARGUMENT with all that is wrong with a request message. */
export type Validate = (message: Uint8Array) => void;

export interface Validation extends RuleReport {
  /** By the path of the method. Methods whose requests have nothing to hold are not there. */
  readonly validators: ReadonlyMap<string, Validate>;
}

const noTypes: ReadonlySet<MessageDescriptor> = new Set();
const allFields = ({ fields }: MessageDescriptor): MessageDescriptor['fields'] => fields;

/** Compiles what the requests of these methods have to hold. */
export async function createValidation(
  methods: readonly MethodDescriptor[],
  schema: Schema,
  kinds: ValidationKinds,
): Promise<Validation> {
  const inputs = new Set(methods.map(({ input }) => input));
  const types = kinds.protovalidate ? reachableTypes(inputs, allFields) : noTypes;
  const ruled = typesLeadingTo(types, allFields, hasConstraints);
  const annotated = annotatedTypes(inputs, kinds);
  const registry = compileTypes([...ruled, ...annotated], schema);
  const rules = ruled.size > 0 ? await import('./protovalidate-rules.ts') : undefined;
  const compiled = rules?.compileRules(ruled, registry, schema);
  const annotations = compileAnnotations(annotated, kinds, registry);
  const validators = new Map<string, Validate>();
  for (const { path, input } of methods) {
    const checks = [annotations.get(input), ruled.has(input) ? compiled?.check : undefined];
    const own = checks.filter((check) => check !== undefined);
    if (own.length > 0) validators.set(path, validatorOf(input, own, registry));
  }
  return { validators, problems: compiled?.problems ?? [], findings: compiled?.findings ?? [] };
}

function validatorOf(
  { fullName }: MessageDescriptor,
  checks: readonly MessageCheck[],
  registry: FileRegistry,
): Validate {
  const desc = registry.getMessage(fullName);
  if (desc === undefined) throw new Error(`${fullName} was not compiled`);
  const read = (wire: Uint8Array): Message => {
    try {
      return fromBinary(desc, wire);
    } catch (cause) {
      throw new StatusError(GrpcCode.INVALID_ARGUMENT, `the request is no ${fullName}`, { cause });
    }
  };
  return (wire) => {
    const message = reflect(desc, read(wire));
    const isLarge = wire.length > largeBytes;
    const found: FieldViolation[] = [];
    for (const check of checks) if (!isLarge || found.length === 0) check(message, found, isLarge);
    if (found.length > 0) throw refusalOf(found);
  };
}
