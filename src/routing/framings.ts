import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import type { Binding } from './binding.ts';

/** How the messages of a stream can stand in HTTP: a JSON array, lines, server-sent events, bytes as they are, frames of a WebSocket. */
export type Framing = 'json' | 'ndjson' | 'sse' | 'bytes' | 'websocket';

/** The framings of a binding: those of its stream of replies, or else of requests. None where nothing is a stream. */
export function framingsOf({ method, body, responseBody }: Binding): readonly Framing[] {
  const { isClientStreaming, isServerStreaming, input, output } = method;
  if (isServerStreaming) return isBytes(responseBody ?? output) ? bytes : replies;
  if (!isClientStreaming) return [];
  return isBytes(body.kind === 'field' ? body.field : input) ? bytes : requests;
}

const bytes = ['bytes', 'websocket'] as const;
const requests = ['json', 'ndjson', 'websocket'] as const;
const replies = ['json', 'ndjson', 'sse', 'websocket'] as const;

function isBytes(type: MessageDescriptor | FieldDescriptor): boolean {
  if (type.kind === 'message') return type.fullName === 'google.api.HttpBody';
  return type.type.kind === 'message' && isBytes(type.type.message);
}
