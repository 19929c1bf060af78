/** The messages of wrappers.proto: each stands for a scalar that may be left out, and its JSON is the scalar's. */
import type { ScalarType } from './descriptors.ts';

const wrappers: readonly (readonly [name: string, scalar: ScalarType])[] = [
  ['DoubleValue', 'double'],
  ['FloatValue', 'float'],
  ['Int64Value', 'int64'],
  ['UInt64Value', 'uint64'],
  ['Int32Value', 'int32'],
  ['UInt32Value', 'uint32'],
  ['BoolValue', 'bool'],
  ['StringValue', 'string'],
  ['BytesValue', 'bytes'],
];

/** What scalars have, by the full names of their wrappers. */
export function ofWrappers<T>(ofScalars: Readonly<Record<ScalarType, T>>): readonly (readonly [string, T])[] {
  return wrappers.map(([name, scalar]) => [`google.protobuf.${name}`, ofScalars[scalar]]);
}
