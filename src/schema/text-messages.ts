/** Well-known types whose JSON is a string, a number or a boolean, so that one text, of a path or a query, can give a whole message. */
export const textMessages: ReadonlySet<string> = new Set(
  'Timestamp Duration FieldMask DoubleValue FloatValue Int64Value UInt64Value Int32Value UInt32Value BoolValue StringValue BytesValue'
    .split(' ')
    .map((name) => `google.protobuf.${name}`),
);
