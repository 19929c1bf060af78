import type { FieldDescriptor, FieldType } from './descriptors.ts';

/** `int32`, `repeated library.v1.Book`, `map<string, int64>` */
export function typeText({ type, isRepeated, map }: FieldDescriptor): string {
  if (map !== undefined) return `map<${nameOf(map.key.type)}, ${nameOf(map.value.type)}>`;
  return isRepeated ? `repeated ${nameOf(type)}` : nameOf(type);
}

function nameOf(type: FieldType): string {
  if (type.kind === 'scalar') return type.scalar;
  return type.kind === 'enum' ? type.enum.fullName : type.message.fullName;
}
