/**
 * @module google.api.HttpBody: raw bytes with a content type where JSON would stand (google/api/httpbody.proto).
 */
import type { Binding } from '../routing/binding.ts';
import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import { lengthDelimited, lengthDelimitedFields } from '../wire/fragment.ts';

const CONTENT_TYPE = 1;
const DATA = 2;

const nothing = new Uint8Array();
const isPrintable = /^[\t -~]*$/;

export interface RawBody {
  /** "" when the message does not say, or says what no header can hold. */
  readonly contentType: string;
  readonly data: Uint8Array;
}

export function isHttpBody(message: MessageDescriptor): boolean {
  return message.fullName === 'google.api.HttpBody';
}

/** The field holds one HttpBody. */
export function isHttpBodyField(field: FieldDescriptor): boolean {
  return field.type.kind === 'message' && !field.isRepeated && isHttpBody(field.type.message);
}

/** What bytes are that say nothing of themselves (RFC 9110, 8.3). */
export const UNKNOWN_TYPE = 'application/octet-stream';

/** The binding's replies travel as raw bytes, never as JSON. */
export function isRawReply({ method, responseBody }: Binding): boolean {
  return responseBody === undefined ? isHttpBody(method.output) : isHttpBodyField(responseBody);
}

export function encodeHttpBody({ contentType, data }: RawBody): Uint8Array {
  const parts = data.length === 0 ? [] : [lengthDelimited(DATA, data)];
  if (contentType !== '') parts.unshift(lengthDelimited(CONTENT_TYPE, Buffer.from(contentType)));
  return Buffer.concat(parts);
}

/** Views into `wire`; of fields given twice the last one counts. Throws WireFormatError. */
export function decodeHttpBody(wire: Uint8Array): RawBody {
  const fields = new Map(lengthDelimitedFields(wire));
  const contentType = Buffer.from(fields.get(CONTENT_TYPE) ?? nothing).toString('latin1');
  return {
    contentType: isPrintable.test(contentType) ? contentType : '',
    data: fields.get(DATA) ?? nothing,
  };
}

/** The HttpBody in a field of a message: the field's occurrences merge as the concatenation of their bytes. */
export function decodeHttpBodyField(field: FieldDescriptor, wire: Uint8Array): RawBody {
  const occurrences = lengthDelimitedFields(wire).filter(([fieldNumber]) => fieldNumber === field.number);
  return decodeHttpBody(Buffer.concat(occurrences.map(([, bytes]) => bytes)));
}
