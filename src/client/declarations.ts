/** Interfaces of messages and unions of enum values, each once, in the order of their names. */
import type { Described, EnumDescriptor, FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import { fieldType, isDeclared, memberName, propertyName, type TypeContext } from './type-names.ts';

/** The messages and enums that the roots hold, however deep; those with a JSON of their own left out. */
export function reachedTypes(roots: Iterable<MessageDescriptor>): readonly (MessageDescriptor | EnumDescriptor)[] {
  const found = new Set<MessageDescriptor | EnumDescriptor>();
  const seen = new Set<MessageDescriptor>();
  const open = [...roots];
  for (let message = open.pop(); message !== undefined; message = open.pop()) {
    if (seen.has(message) || (!isDeclared(message) && !message.isMapEntry)) continue;
    seen.add(message);
    if (isDeclared(message)) found.add(message);
    for (const { type } of message.fields) {
      if (type.kind === 'message') open.push(type.message);
      if (type.kind === 'enum' && type.enum.fullName !== 'google.protobuf.NullValue') found.add(type.enum);
    }
  }
  return [...found].sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
}

export function declaration(type: MessageDescriptor | EnumDescriptor, context: TypeContext): string {
  const comment = docComment(type, '');
  const name = context.nameOf(type);
  if (type.kind === 'enum') {
    const values = type.values.map((value) => (context.enumsAsNumbers ? value.number : JSON.stringify(value.name)));
    // Values that a newer server knows come as their numbers.
    return `${comment}export type ${name} = ${[...new Set([...values, 'number'])].join(' | ')};\n`;
  }
  const members = type.fields.map((field) => member(field, context));
  return `${comment}export interface ${name} {\n${members.join('')}}\n`;
}

function member(field: FieldDescriptor, context: TypeContext): string {
  const name = propertyName(memberName(field, context));
  return `${docComment(field, '  ')}  readonly ${name}?: ${fieldType(field, context)};\n`;
}

/** The proto's comment as one of TypeScript's; "" when there is none. */
export function docComment(
  { comment, isDeprecated }: Pick<Described, 'comment' | 'isDeprecated'>,
  indent: string,
): string {
  const text = comment.replaceAll('*/', '*\\/').trim();
  const lines = [...(text === '' ? [] : text.split('\n')), ...(isDeprecated ? ['@deprecated'] : [])];
  if (lines.length === 0) return '';
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  const body = lines.map((line) => `${indent} *${line === '' ? '' : ` ${line}`}`.trimEnd());
  return [`${indent}/**`, ...body, `${indent} */\n`].join('\n');
}
