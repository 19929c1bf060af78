/** The rules of protovalidate (https://protovalidate.com), by its own library. */
import type { FileRegistry } from '@bufbuild/protobuf';
import { pathToString } from '@bufbuild/protobuf/reflect';
import { createValidator } from '@bufbuild/protovalidate';
import type { MessageDescriptor, Schema } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import { checkRules, type RuleReport } from './check-rules.ts';
import type { MessageCheck } from './message-check.ts';

interface CompiledRules extends RuleReport {
  /** Throws INTERNAL for a rule that cannot be evaluated: that is no fault of the message. */
  readonly check: MessageCheck;
}

/** The rules of these types. They are all met once here, so that no request waits for one to be compiled. */
export function compileRules(
  types: ReadonlySet<MessageDescriptor>,
  registry: FileRegistry,
  schema: Schema,
): CompiledRules {
  const validator = createValidator({ registry });
  const hasty = createValidator({ registry, failFast: true });
  const check: MessageCheck = ({ desc, message }, found, isFirstEnough) => {
    const { kind, violations, error } = (isFirstEnough ? hasty : validator).validate(desc, message);
    if (kind === 'error') throw StatusError.internal(error);
    for (const { field, message: description } of violations ?? []) {
      found.push({ field: pathToString(field), description });
    }
  };
  return { check, ...checkRules(types, { registry, schema, validator }) };
}
