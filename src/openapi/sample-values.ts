/** Values that stand for any other, in examples and made-up replies. */
import type { ScalarType } from '../schema/descriptors.ts';
import { ofWrappers } from '../schema/wrappers.ts';

/** Of each scalar type, in proto3 JSON. */
export const sampleScalars: Readonly<Record<ScalarType, string | number | boolean>> = {
  double: 1.5,
  float: 1.5,
  int32: 1,
  sint32: 1,
  sfixed32: 1,
  uint32: 1,
  fixed32: 1,
  int64: '1',
  sint64: '1',
  sfixed64: '1',
  uint64: '1',
  fixed64: '1',
  bool: true,
  string: 'string',
  bytes: 'AAEC',
};

/** Of strings, by `format` of JSON Schema. */
export const sampleFormats: ReadonlyMap<string | undefined, string> = new Map([
  ['uuid', '6f9619ff-8b86-4d01-b42d-00cf4fc964ff'],
  ['ipv4', '192.0.2.1'],
  ['ipv6', '2001:db8::1'],
  ['email', 'somebody@example.com'],
  ['hostname', 'host.example'],
  ['uri', 'https://host.example/'],
  ['uri-reference', '/path'],
]);

/** Of the well-known types and HttpBody. Any, Value and ListValue could be anything, and a FieldMask speaks of another message: they are left out. */
export const sampleWellKnown: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['google.protobuf.Timestamp', '2026-01-01T00:00:00Z'],
  ['google.protobuf.Duration', '1.5s'],
  ...ofWrappers(sampleScalars),
  ['google.protobuf.Struct', { key: 'value' }],
  ['google.protobuf.Empty', {}],
  ['google.api.HttpBody', { contentType: 'application/octet-stream', data: sampleScalars.bytes }],
]);
