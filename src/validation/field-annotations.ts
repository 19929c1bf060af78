/**
 * What google.api.field_behavior (https://google.aip.dev/203) and google.api.field_info (https://google.aip.dev/202) ask of a message.
 */
import { isIPv6 } from 'node:net';
import type { DescField, FileRegistry } from '@bufbuild/protobuf';
import { pathToString, type ReflectList, type ReflectMap, type ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import type { FieldViolation } from '../status/status-error.ts';
import { reachableTypes, typesLeadingTo } from './compiled-types.ts';
import type { MessageCheck } from './message-check.ts';

export interface AnnotationKinds {
  readonly fieldBehavior: boolean;
  readonly fieldInfo: boolean;
}

interface Format {
  readonly name: string;
  readonly expected: string;
  readonly matches: (text: string) => boolean;
}

const isIpv4 = (text: string): boolean =>
  /^(?:\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every((part) => Number(part) < 256);
// A zone is a matter of one host: RFC 4291, which the format names, has none.
const isIpv6 = (text: string): boolean => isIPv6(text) && !text.includes('%');

/** google.api.FieldInfo.Format. Addresses may have leading zeros (IPV4), or be shortened (IPV6). */
const formats: readonly Format[] = [
  { name: 'UUID4', expected: 'a UUID of version 4', matches: (text) => /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i.test(text) },
  { name: 'IPV4', expected: 'an IPv4 address', matches: isIpv4 },
  { name: 'IPV6', expected: 'an IPv6 address', matches: isIpv6 },
  { name: 'IPV4_OR_IPV6', expected: 'an IP address', matches: (text) => isIpv4(text) || isIpv6(text) },
]; // biome-ignore format: a table

/** What a field must be like. */
export interface Need {
  readonly isRequired: boolean;
  readonly format: Format | undefined;
}

interface FieldPlan extends Partial<Need> {
  readonly desc: DescField;
  /** Of the messages in the field, where there is something to look at. */
  readonly inner: TypePlan | undefined;
}

interface TypePlan {
  readonly fields: FieldPlan[];
  /** Says which fields of the messages beside it an update is about. */
  mask: DescField | undefined;
}

const emptyPlan = (): TypePlan => ({ fields: [], mask: undefined });

/** Of the types that clients send those that lead to a field with something to hold. */
export function annotatedTypes(
  inputs: Iterable<MessageDescriptor>,
  kinds: AnnotationKinds,
): ReadonlySet<MessageDescriptor> {
  const isAnnotated = (field: FieldDescriptor): boolean => needOf(field, kinds) !== undefined;
  return typesLeadingTo(reachableTypes(inputs, inputFields), inputFields, (type) =>
    inputFields(type).some(isAnnotated),
  );
}

/** The checks of these types. */
export function compileAnnotations(
  types: ReadonlySet<MessageDescriptor>,
  kinds: AnnotationKinds,
  registry: FileRegistry,
): ReadonlyMap<MessageDescriptor, MessageCheck> {
  const plans = new Map([...types].map((type) => [type, emptyPlan()]));
  for (const [type, plan] of plans) {
    const descs = registry.getMessage(type.fullName)?.fields ?? [];
    plan.mask = descs.find(isUpdateMask);
    for (const field of inputFields(type)) {
      const desc = descs.find(({ number }) => number === field.number);
      const value = (field.map?.value ?? field).type;
      const inner = value.kind === 'message' ? plans.get(value.message) : undefined;
      const need = needOf(field, kinds);
      if (desc !== undefined && (need !== undefined || inner !== undefined)) plan.fields.push({ desc, ...need, inner });
    }
  }
  const whole = { at: '', mask: undefined };
  return new Map(
    [...plans].map(([type, plan]) => [
      type,
      (message, found, isFirstEnough) =>
        look(plan, message, { ...whole, most: isFirstEnough ? 1 : Number.POSITIVE_INFINITY }, found),
    ]),
  );
}

/** What a field must be like; undefined when it may be anything. */
export function needOf(field: FieldDescriptor, { fieldBehavior, fieldInfo }: AnnotationKinds): Need | undefined {
  const isRequired = fieldBehavior && behaviorOf(field).includes('REQUIRED');
  const format = fieldInfo ? formatOf(field) : undefined;
  return isRequired || format !== undefined ? { isRequired, format } : undefined;
}

/** Who sends a field that only the server writes is to be ignored, not refused (AIP-203, "Output only"). */
export function inputFields({ fields }: MessageDescriptor): readonly FieldDescriptor[] {
  return fields.filter((field) => !behaviorOf(field).includes('OUTPUT_ONLY'));
}

function behaviorOf({ options }: FieldDescriptor): readonly unknown[] {
  const behavior = options.get('google.api.field_behavior');
  return Array.isArray(behavior) ? behavior : [];
}

function formatOf({ options, type }: FieldDescriptor): Format | undefined {
  const info = options.get('google.api.field_info');
  if (type.kind !== 'scalar' || type.scalar !== 'string' || typeof info !== 'object' || info === null) return undefined;
  const { format } = info as { readonly format?: unknown };
  return formats.find(({ name }) => name === format);
}

function isUpdateMask({ fieldKind, message, name }: DescField): boolean {
  return fieldKind === 'message' && message?.typeName === 'google.protobuf.FieldMask' && name !== 'read_mask';
}

/** Where a message stands, and which of its fields are meant: all of them without a mask. */
interface Place {
  readonly at: string;
  readonly mask: readonly string[] | undefined;
  /** So many violations are enough. */
  readonly most: number;
}

function look({ fields, mask }: TypePlan, message: ReflectMessage, place: Place, found: FieldViolation[]): void {
  const update = mask && pathsOf(message, mask);
  for (const { desc, isRequired, format, inner } of fields) {
    if (found.length >= place.most) return;
    const at = place.at === '' ? desc.name : `${place.at}.${desc.name}`;
    if (!message.isSet(desc)) {
      if (isRequired && isMeant(place.mask, desc.name) && !isOtherwiseSet(message, desc)) {
        found.push({ field: at, description: 'is required' });
      }
      continue;
    }
    if (format !== undefined) checkFormat(format, textsIn(message, desc), { ...place, at }, found);
    if (inner === undefined) continue;
    const innerMask = update ?? maskWithin(place.mask, desc);
    for (const [index, value] of messagesIn(message, desc)) {
      if (found.length >= place.most) return;
      look(inner, value, { at: at + index, mask: innerMask, most: place.most }, found);
    }
  }
}

/** What an update leaves out stays as it is; without a mask it is about what is there (https://google.aip.dev/134). */
function pathsOf(message: ReflectMessage, mask: DescField): readonly string[] {
  if (!message.isSet(mask)) return [];
  return ((message.get(mask) as ReflectMessage).message as unknown as { readonly paths: readonly string[] }).paths;
}

function isMeant(mask: Place['mask'], name: string): boolean {
  return mask === undefined || mask.includes(name) || mask.includes('*');
}

/** A list or a map is updated as a whole or not at all. */
function maskWithin(mask: Place['mask'], { name, fieldKind }: DescField): Place['mask'] {
  if (mask === undefined || isMeant(mask, name)) return undefined;
  if (fieldKind !== 'message') return [];
  return mask.filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1));
}

/** One of a oneof is required: another one will do. */
function isOtherwiseSet(message: ReflectMessage, { oneof }: DescField): boolean {
  return oneof?.fields.some((field) => message.isSet(field)) ?? false;
}

function checkFormat(format: Format, texts: Indexed<string>, { at, most }: Place, found: FieldViolation[]): void {
  for (const [index, text] of texts) {
    if (found.length >= most) return;
    if (!format.matches(text)) found.push({ field: at + index, description: `is not ${format.expected}` });
  }
}

/** The values of a field, each with what tells it from the others. */
type Indexed<Value> = readonly (readonly [index: string, Value])[];

function textsIn(message: ReflectMessage, desc: DescField): Indexed<string> {
  const value: unknown = message.get(desc);
  return desc.fieldKind === 'list' ? listed(value as ReflectList<string>) : [['', value as string]];
}

function messagesIn(message: ReflectMessage, desc: DescField): Indexed<ReflectMessage> {
  const value: unknown = message.get(desc);
  if (desc.fieldKind === 'list') return listed(value as ReflectList<ReflectMessage>);
  if (desc.fieldKind !== 'map') return [['', value as ReflectMessage]];
  return [...(value as ReflectMap<string, ReflectMessage>)].map(([key, each]) => [
    pathToString([{ kind: 'map_sub', key }]),
    each,
  ]);
}

function listed<Value>(list: ReflectList<Value>): Indexed<Value> {
  return [...list].map((value, index) => [`[${index}]`, value]);
}
