import { framingsOf } from '../routing/framings.ts';
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { routingOf, signaturesOf } from './annotations.ts';
import { authoredOperation } from './authored.ts';
import { withAuthored } from './authored-parts.ts';
import { paragraphs, splitComment } from './comment.ts';
import { errorReference, replyOf, requestBodyOf } from './content.ts';
import type { Operation } from './document.ts';
import { pathParameters, queryParameters } from './parameters.ts';
import type { Place } from './paths.ts';
import { type DocumentContext, messageSchema } from './schemas.ts';
import { oauthRequirements } from './security.ts';

/** One binding under one HTTP method. */
export function createOperation(place: Place, operationId: string, tag: string, context: DocumentContext): Operation {
  const { binding, httpMethod } = place;
  const { method } = binding;
  const comment = splitComment(method.comment);
  const description = paragraphs(comment.rest);
  const parameters = [...pathParameters(place, context), ...queryParameters(binding, context)];
  const requestBody = requestBodyOf(binding, httpMethod, context);
  const streaming = streamingOf(method);
  const { access } = context.options;
  const security = access?.requirementsOf(method) ?? oauthRequirements(method.service, context.securitySchemes);
  const operationInfo = operationInfoOf(method, context);
  const [signatures, routing] = [signaturesOf(method), routingOf(method)];
  const operation: Operation = {
    operationId,
    tags: [tag],
    summary: comment.summary || wordsOf(method.name),
    ...(description !== undefined && { description }),
    ...((method.isDeprecated || method.service.isDeprecated) && { deprecated: true }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody !== undefined && { requestBody }),
    responses: { 200: replyOf(binding, context), default: errorReference(method, context) },
    ...(security !== undefined && { security }),
    'x-grpc-method': method.path.slice(1),
    ...(streaming !== undefined && { 'x-grpc-streaming': streaming, 'x-stream-framings': framingsOf(binding) }),
    ...(operationInfo !== undefined && { 'x-operation-info': operationInfo }),
    ...(method.idempotency !== 'unknown' && { 'x-idempotency': method.idempotency }),
    ...(signatures.length > 0 && { 'x-method-signatures': signatures }),
    ...(routing !== undefined && { 'x-routing': routing }),
  };
  return withAuthored(operation, authoredOperation(method), context);
}

/** `GetBook` → `Get book`. */
function wordsOf(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z](?![A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
}

function streamingOf({ isClientStreaming, isServerStreaming }: MethodDescriptor): Operation['x-grpc-streaming'] {
  if (isClientStreaming) return isServerStreaming ? 'bidi' : 'client';
  return isServerStreaming ? 'server' : undefined;
}

function operationInfoOf(method: MethodDescriptor, context: DocumentContext): Operation['x-operation-info'] {
  const { response, metadata } = context.usage.operationTypes(method);
  if (response === undefined && metadata === undefined) return undefined;
  return {
    ...(response !== undefined && { response: messageSchema(response, context) }),
    ...(metadata !== undefined && { metadata: messageSchema(metadata, context) }),
  };
}
