/** A binding as the commands show it. */
import type { Binding, BodySelector } from '../routing/binding.ts';
import { type Framing, framingsOf } from '../routing/framings.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { formatPosition } from '../schema/problem.ts';

export interface RouteRow {
  readonly method: string;
  readonly path: string;
  /** `package.Service/Method` */
  readonly rpc: string;
  /** "" none, `*`, or the name of the field. */
  readonly body: string;
  /** "" the whole reply, or the name of the field. */
  readonly responseBody: string;
  readonly streaming: '' | 'client' | 'server' | 'both';
  /** How the stream can be sent: `json`, `ndjson`, `sse`, `bytes`, `websocket`; of replies, or else of requests. */
  readonly framings: readonly Framing[];
  /** `file:line` of the rule. */
  readonly source: string;
}

export function routeRow(binding: Binding): RouteRow {
  const { httpMethod, path, method, body, responseBody, position } = binding;
  return {
    method: httpMethod,
    path,
    rpc: method.path.slice(1),
    body: bodyText(body),
    responseBody: responseBody?.name ?? '',
    streaming: streamingOf(method),
    framings: framingsOf(binding),
    source: formatPosition(position),
  };
}

function bodyText(body: BodySelector): string {
  if (body.kind === 'field') return body.field.name;
  return body.kind === 'whole' ? '*' : '';
}

function streamingOf({ isClientStreaming, isServerStreaming }: MethodDescriptor): RouteRow['streaming'] {
  if (isClientStreaming) return isServerStreaming ? 'both' : 'client';
  return isServerStreaming ? 'server' : '';
}
