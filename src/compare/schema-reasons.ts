/** Why an answer differs under another version of the schema: what has become of the field. */
import type { FieldDescriptor, FieldType, MessageDescriptor, MethodDescriptor } from '../schema/descriptors.ts';
import { typeText } from '../schema/type-text.ts';
import { type Difference, pathText, type Step, type SteppedDifference } from './diff-json.ts';

export interface ReasonedDifference extends Difference {
  /** What has become of the field; undefined where the schema has not changed and the answer has. */
  readonly reason?: string;
}

/** One method in both versions; `now` is undefined where it is gone. */
export interface MethodVersions {
  readonly old: MethodDescriptor;
  readonly now: MethodDescriptor | undefined;
  /** What a rule shows of the reply; the whole when left out. */
  readonly responseBody: FieldDescriptor | undefined;
}

export interface SchemaDifferences {
  readonly differences: readonly ReasonedDifference[];
  /** Fields that only the new version has: a client that does not know them reads on. */
  readonly additions: readonly ReasonedDifference[];
}

/** Gives each difference of two answers its reason; `request` is what was asked. */
export function explainDifferences(
  found: readonly SteppedDifference[],
  versions: MethodVersions,
  request: unknown,
): SchemaDifferences {
  const isOtherStatus = found.some(({ steps }) => pathText(steps) === 'status.code');
  // Where one has failed, that its messages are missing says nothing more.
  const told = found.filter(({ steps }) => !isOtherStatus || steps[0] === 'status');
  const differences: ReasonedDifference[] = [];
  const additions: ReasonedDifference[] = [];
  for (const { steps, ...values } of told) {
    const difference = { path: pathText(steps), ...values };
    const change = steps[0] === 'status' ? requestChange(versions, request) : replyChange(versions, steps, values);
    const reasoned = change === undefined ? difference : { ...difference, reason: change.reason };
    if (change?.isAddition === true) additions.push(reasoned);
    else differences.push(reasoned);
  }
  return { differences, additions };
}

interface Change {
  readonly reason: string;
  readonly isAddition?: boolean;
}

type Types = { readonly old: MessageDescriptor | undefined; readonly now: MessageDescriptor | undefined };

/** Fields of the request that the new version reads otherwise. */
function requestChange({ old, now }: MethodVersions, request: unknown): Change | undefined {
  if (now === undefined) return { reason: `${old.fullName} is gone` };
  const changes = [...changedMembers(request, { old: old.input, now: now.input }, [])];
  return changes.length === 0 ? undefined : { reason: changes.join('; ') };
}

function* changedMembers(value: unknown, types: Types, path: readonly string[]): Generator<string, void> {
  if (Array.isArray(value)) for (const item of value) yield* changedMembers(item, types, path);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      const fields = fieldsNamed(name, types);
      const change = fieldChange(fields, types);
      const here = [...path, name];
      if (change !== undefined) yield `${here.join('.')} of the request ${change.reason}`;
      else if (fields.old?.map === undefined) yield* changedMembers(inner, innerTypes(fields), here);
    }
  }
}

function replyChange(
  { old, now, responseBody }: MethodVersions,
  steps: readonly Step[],
  values: Pick<Difference, 'left' | 'right'>,
): Change | undefined {
  // Behind `messages` and the index of one.
  const path = [...(responseBody === undefined ? [] : [responseBody.jsonName]), ...steps.slice(2)];
  let types: Types = { old: old.output, now: now?.output };
  let fields: FieldVersions = { old: undefined, now: undefined };
  let isKey = false;
  for (const step of path) {
    if (isKey || typeof step === 'number') {
      isKey = false;
      continue;
    }
    fields = fieldsNamed(step, types);
    const change = fieldChange(fields, types);
    if (change !== undefined) return change;
    isKey = fields.old?.map !== undefined;
    types = innerTypes(fields);
  }
  return enumChange(fields, values);
}

interface FieldVersions {
  readonly old: FieldDescriptor | undefined;
  readonly now: FieldDescriptor | undefined;
}

function fieldsNamed(name: string, { old, now }: Types): FieldVersions {
  const find = (type: MessageDescriptor | undefined): FieldDescriptor | undefined =>
    type?.fieldsByJsonName.get(name) ?? type?.fieldsByName.get(name);
  return { old: find(old), now: find(now) };
}

function innerTypes({ old, now }: FieldVersions): Types {
  const inner = (field: FieldDescriptor | undefined): MessageDescriptor | undefined => {
    const type = field && (field.map?.value.type ?? field.type);
    return type?.kind === 'message' ? type.message : undefined;
  };
  return { old: inner(old), now: inner(now) };
}

/** A field is the same one as long as its number is: that is what stands on the wire. */
function fieldChange({ old, now }: FieldVersions, types: Types): Change | undefined {
  if (old === undefined) {
    if (now === undefined) return undefined;
    const before = types.old?.fieldsByNumber.get(now.number);
    return before === undefined
      ? { reason: 'is new', isAddition: true }
      : { reason: `was called ${before.name} (field ${now.number})` };
  }
  if (types.now === undefined) return undefined;
  if (now === undefined) {
    const after = types.now.fieldsByNumber.get(old.number);
    return { reason: after === undefined ? 'is gone' : `is called ${after.name} now (field ${old.number})` };
  }
  if (old.number !== now.number) return { reason: `was field ${old.number}, is field ${now.number}` };
  const [before, after] = [typeText(old), typeText(now)];
  return before === after ? undefined : { reason: `was ${before}, is ${after}` };
}

/** A value of an enum that one of the versions does not know, or calls otherwise. */
function enumChange(
  { old, now }: FieldVersions,
  { left, right }: Pick<Difference, 'left' | 'right'>,
): Change | undefined {
  const [before, after] = [old && enumOf(old), now && enumOf(now)];
  if (before === undefined || after === undefined) return undefined;
  const value = after.valuesByName.get(String(right)) ?? after.valuesByNumber.get(Number(left));
  const known = value && before.valuesByNumber.get(value.number);
  if (value !== undefined && known === undefined)
    return { reason: `${value.name} (${value.number}) is new in ${after.fullName}` };
  if (value !== undefined && known !== undefined && known.name !== value.name) {
    return { reason: `${known.name} (${known.number}) is called ${value.name} now` };
  }
  const lost = before.valuesByName.get(String(left));
  const isLost = lost !== undefined && !after.valuesByNumber.has(lost.number);
  return isLost ? { reason: `${lost.name} (${lost.number}) is gone from ${after.fullName}` } : undefined;
}

function enumOf({ type, map }: FieldDescriptor): Extract<FieldType, { kind: 'enum' }>['enum'] | undefined {
  const inner = map?.value.type ?? type;
  return inner.kind === 'enum' ? inner.enum : undefined;
}
