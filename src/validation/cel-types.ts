/** The types that CEL gives the values of protobuf (https://github.com/google/cel-spec/blob/master/doc/langdef.md#protocol-buffer-data-conversion). */
import { CelScalar, type CelType, listType, mapType, objectType } from '@bufbuild/cel';
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';

const { BOOL, BYTES, DOUBLE, DYN, INT, STRING, UINT } = CelScalar;

const unsigned: ReadonlySet<ScalarType> = new Set([
  ScalarType.UINT32,
  ScalarType.UINT64,
  ScalarType.FIXED32,
  ScalarType.FIXED64,
]);

const otherwise: ReadonlyMap<ScalarType, CelType> = new Map<ScalarType, CelType>([
  [ScalarType.BOOL, BOOL],
  [ScalarType.BYTES, BYTES],
  [ScalarType.DOUBLE, DOUBLE],
  [ScalarType.FLOAT, DOUBLE],
  [ScalarType.STRING, STRING],
]);

/** What rules of a field may be about. */
export interface FieldTypes {
  readonly whole: CelType;
  /** Of an item of a list, or of a value of a map. */
  readonly part: CelType;
  readonly key: CelType;
}

/** The types of a field. */
export function typesOfField(field: DescField): FieldTypes {
  const { fieldKind } = field;
  const part = typeOfPart(field);
  if (fieldKind === 'list') return { whole: listType(part), part, key: DYN };
  if (fieldKind === 'map') return { whole: mapType(DYN, part), part, key: typeOfScalar(field.mapKey) };
  return { whole: part, part: DYN, key: DYN };
}

/** Of Timestamps and Durations types of their own; of Any, Value, wrappers and such what it may be at the time. */
export function typeOfMessage(desc: DescMessage): CelType {
  if (!desc.typeName.startsWith('google.protobuf.')) return objectType(desc);
  return /\.(?:Timestamp|Duration)$/.test(desc.typeName) ? objectType(desc.typeName) : DYN;
}

function typeOfPart({ message, scalar }: DescField): CelType {
  if (message !== undefined) return typeOfMessage(message);
  return scalar === undefined ? INT : typeOfScalar(scalar);
}

function typeOfScalar(scalar: ScalarType): CelType {
  return unsigned.has(scalar) ? UINT : (otherwise.get(scalar) ?? INT);
}
