import { isFieldSet } from '@bufbuild/protobuf';
import type { DescriptorProto, EnumDescriptorProto } from '@bufbuild/protobuf/wkt';
import { FieldDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import type { LinkedEnum } from './linked-enum.ts';
import type { LinkedFile, LinkedService } from './linked-file.ts';
import type { LinkedMessage } from './linked-message.ts';
import type { Problem } from './problem.ts';
import { subjectOf } from './resolve-references.ts';

const maxFieldNumber = 2 ** 29 - 1;
const firstReservedNumber = 19_000;
const lastReservedNumber = 19_999;

const { oneofIndex } = FieldDescriptorProtoSchema.field;

interface Named {
  readonly name: string;
}

/** Takes what is wrong with a member of `parent`, or with its own proto. */
type Complain = (parent: LinkedMessage | LinkedEnum | LinkedService, member: Named, message: string) => void;

/**
 * The mistakes within one declaration that protoc refuses and that would otherwise change what is on the wire: numbers
 * and names given twice, reserved or out of range. For proto text; compiled files have been through protoc. Reads
 * protos and not descriptors, which would all be made for it.
 */
export function checkDeclarations(file: LinkedFile): Problem[] {
  const problems: Problem[] = [];
  const complain: Complain = (parent, member, message) => {
    const subject = member === parent.proto ? subjectOf(parent) : `${subjectOf(parent)}.${member.name}`;
    problems.push({ position: file.source.positionOf(member), subject, message });
  };
  const checkMessage = (message: LinkedMessage): void => {
    checkFields(message, message.proto, complain);
    for (const type of message.enums) checkEnum(type, type.proto, complain);
    for (const inner of message.messages) checkMessage(inner);
  };
  for (const message of file.messages) checkMessage(message);
  for (const type of file.enums) checkEnum(type, type.proto, complain);
  for (const service of file.services) {
    for (const { item, other } of repeats(service.proto.method, ({ name }) => name)) {
      complain(service, item, `the method ${other.name} is declared twice; remove or rename one of the two`);
    }
  }
  return problems;
}

/** Items whose key an earlier one has, with the earlier one. */
function repeats<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): { item: Item; other: Item }[] {
  const first = new Map<Key, Item>();
  return items.flatMap((item) => {
    const other = first.get(keyOf(item));
    if (other === undefined) first.set(keyOf(item), item);
    return other === undefined ? [] : { item, other };
  });
}

function checkFields(message: LinkedMessage, proto: DescriptorProto, complain: Complain): void {
  const fields = proto.field;
  const members: readonly Named[] = [...fields, ...proto.oneofDecl, ...proto.nestedType, ...proto.enumType];
  const renamed = new Set<Named>();
  for (const { item } of repeats(members, ({ name }) => name)) {
    renamed.add(item);
    complain(message, item, `the name ${item.name} is taken in this message; choose another`);
  }
  for (const { item, other } of repeats(fields, ({ number }) => number)) {
    complain(message, item, `the field number ${item.number} is taken by ${other.name}; choose another`);
  }
  for (const { item, other } of repeats(fields, ({ jsonName }) => jsonName)) {
    if (!renamed.has(item))
      complain(message, item, `the JSON name ${item.jsonName} is taken by ${other.name}; set json_name`);
  }
  for (const field of fields) {
    const fault = numberFault(field.number, proto);
    if (fault !== undefined) complain(message, field, fault);
    if (proto.reservedName.includes(field.name))
      complain(message, field, `the name ${field.name} is reserved; choose another`);
  }
  for (const [index, oneof] of proto.oneofDecl.entries()) {
    const isEmpty = !fields.some((field) => field.oneofIndex === index && isFieldSet(field, oneofIndex));
    if (isEmpty) complain(message, oneof, 'a oneof has at least one field; add it');
  }
}

function numberFault(number: number, { reservedRange }: DescriptorProto): string | undefined {
  if (number < 1 || number > maxFieldNumber) return `the field number ${number} is not in 1 to ${maxFieldNumber}`;
  if (number >= firstReservedNumber && number <= lastReservedNumber) {
    return `the field numbers ${firstReservedNumber} to ${lastReservedNumber} belong to protobuf; choose another`;
  }
  const isReserved = reservedRange.some(({ start, end }) => start <= number && number < end);
  return isReserved ? `the field number ${number} is reserved; choose another` : undefined;
}

function checkEnum(type: LinkedEnum, proto: EnumDescriptorProto, complain: Complain): void {
  const [first] = proto.value;
  if (first === undefined) complain(type, proto, 'an enum has at least one value; add NAME_UNSPECIFIED = 0;');
  else if (first.number !== 0 && !type.isClosed) {
    complain(type, first, 'the first value of an open enum is 0; put NAME_UNSPECIFIED = 0; before it');
  }
  for (const { item } of repeats(proto.value, ({ name }) => name)) {
    complain(type, item, `the name ${item.name} is taken in this enum; choose another`);
  }
  for (const { item, other } of proto.options?.allowAlias ? [] : repeats(proto.value, ({ number }) => number)) {
    complain(
      type,
      item,
      `the number ${item.number} is taken by ${other.name}; set option allow_alias = true; in the enum`,
    );
  }
}
