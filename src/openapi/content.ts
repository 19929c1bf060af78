/** Bodies, replies and errors, by content type. */
import type { Binding } from '../routing/binding.ts';
import type { FieldDescriptor, MessageDescriptor, MethodDescriptor } from '../schema/descriptors.ts';
import { behaviorOf } from './annotations.ts';
import { paragraphs, splitComment } from './comment.ts';
import type { JsonSchema, Keyed, MediaType, Reference, RequestBody, ResponseObject } from './document.ts';
import { fieldExample, messageExample } from './example.ts';
import {
  type BodyUse,
  bodySchema,
  type DocumentContext,
  fieldDescription,
  fieldSchema,
  messageSchema,
  nameOf,
  requiredNames,
} from './schemas.ts';

/** google.api.HttpBody: bytes of any type. */
const bytes: Keyed<MediaType> = { '*/*': { schema: { type: 'string', format: 'binary' } } };

/** What the request's body holds; undefined when the rule has none. */
export function requestBodyOf(binding: Binding, httpMethod: string, context: DocumentContext): RequestBody | undefined {
  const { body, method } = binding;
  if (body.kind === 'none') return undefined;
  const field = body.kind === 'field' ? body.field : undefined;
  const use = bodyUse(binding, httpMethod);
  const description = paragraphs(
    (field && fieldDescription(field, context)) ?? '',
    method.isClientStreaming ? 'A stream of messages: a JSON array, or one value a line.' : '',
  );
  const isRequired =
    field === undefined
      ? httpMethod !== 'PATCH' && requiredNames(method.input, use.bound, context).length > 0
      : behaviorOf(field).isRequired;
  return {
    ...(description !== undefined && { description }),
    ...(isRequired && { required: true }),
    content: requestContent(method, field, use, context),
  };
}

function bodyUse({ body, variables }: Binding, httpMethod: string): BodyUse {
  const prefix = body.kind === 'field' ? `${body.field.name}.` : '';
  const inBody = variables.filter(({ text }) => text.startsWith(prefix));
  const bound = new Set(inBody.map(({ text }) => text.slice(prefix.length)));
  return { bound, isWhole: body.kind === 'whole', httpMethod };
}

function requestContent(
  { input, isClientStreaming }: MethodDescriptor,
  field: FieldDescriptor | undefined,
  use: BodyUse,
  context: DocumentContext,
): Keyed<MediaType> {
  const message = field === undefined ? input : singleMessage(field);
  if (isHttpBody(message))
    return field === undefined || isClientStreaming ? bytes : { ...bytes, ...fileForm(field, context) };
  const schema =
    message === undefined ? fieldSchema(field as FieldDescriptor, context) : bodySchema(message, use, context);
  const example =
    message === undefined
      ? fieldExample(field as FieldDescriptor, context)
      : messageExample(message, use.bound, context);
  if (!isClientStreaming) return { 'application/json': { schema, ...(example !== undefined && { example }) } };
  return { 'application/json': { schema: { type: 'array', items: schema } }, 'application/x-ndjson': { schema } };
}

/** A file of a form fills the body; its other parts fill what the query would. */
function fileForm(field: FieldDescriptor, context: DocumentContext): Keyed<MediaType> {
  const file = { type: 'string', format: 'binary' } as const;
  const properties = Object.fromEntries([[nameOf(field, context), file]]);
  return {
    'multipart/form-data': { schema: { type: 'object', properties, additionalProperties: { type: 'string' } } },
  };
}

/** The reply of a call that succeeds, with all framings of a server stream. */
export function replyOf({ method, responseBody }: Binding, context: DocumentContext): ResponseObject {
  const type = responseBody === undefined ? method.output : singleMessage(responseBody);
  const { summary } = splitComment((responseBody ?? method.output).comment);
  if (isHttpBody(type)) return { description: 'Bytes, with a content type of their own.', content: bytes };
  const isEmpty = type?.fullName === 'google.protobuf.Empty';
  const described = isEmpty ? 'An empty object.' : summary === '' ? 'The reply.' : `${summary}.`;
  const description = [described, operationNote(method, context)].filter((part) => part !== '').join(' ');
  const schema =
    responseBody === undefined ? messageSchema(method.output, context) : fieldSchema(responseBody, context);
  if (!method.isServerStreaming) return { description, content: { 'application/json': { schema } } };
  return {
    description: `A stream, framed by Accept. Each value: ${description}`,
    content: streamContent(schema, context),
  };
}

/** What a long-running operation ends with and tells on its way; the types themselves are in `x-operation-info`. */
function operationNote(method: MethodDescriptor, { usage }: DocumentContext): string {
  const { response, metadata } = usage.operationTypes(method);
  const ends = response && `It ends with \`${response.name}\` in \`response\`.`;
  const tells = metadata && `Its \`metadata\` is \`${metadata.name}\`.`;
  return [ends, tells].filter((part) => part !== undefined).join(' ');
}

/** An array, one value a line, or server-sent events; of the latter two the schema is that of one value. */
function streamContent(schema: JsonSchema, context: DocumentContext): Keyed<MediaType> {
  const failure = context.components.own('tandem.StreamError');
  const line = context.options.streamEnvelope
    ? ({ type: 'object', properties: { result: schema }, required: ['result'] } as const)
    : schema;
  return {
    'application/json': { schema: { type: 'array', items: { anyOf: [schema, failure] } } },
    'application/x-ndjson': { schema: { anyOf: [line, failure] } },
    'text/event-stream': { schema },
  };
}

/** The replies that are no success, by the name of their component. */
export function errorResponses(context: DocumentContext): Keyed<ResponseObject> {
  const { components, options } = context;
  const details: JsonSchema = { type: 'array', items: components.own('google.protobuf.Any') };
  const status = options.errors === 'google' ? googleError(details) : components.own('google.rpc.Status');
  // Who asks for RFC 9457 by Accept gets it, whatever the configuration.
  const problemContent = { 'application/problem+json': { schema: problem(details) } };
  const description = 'The call failed. The HTTP status follows the gRPC code.';
  const enveloped = (): JsonSchema => ({ anyOf: [status, components.own('tandem.StreamError')] });
  return {
    Error: {
      description,
      content: {
        ...(options.errors !== 'problem' && { 'application/json': { schema: status } }),
        ...problemContent,
      },
    },
    ...(options.streamEnvelope && {
      // Before the first message of an NDJSON stream, too.
      EnvelopedError: { description, content: { 'application/json': { schema: enveloped() }, ...problemContent } },
    }),
  };
}

/** A reply of this message, or else an error. */
export function messageResponse(message: MessageDescriptor | undefined, context: DocumentContext): ResponseObject {
  if (message === undefined) return errorResponses(context)['Error'] as ResponseObject;
  const { summary } = splitComment(message.comment);
  return { description: summary, content: { 'application/json': { schema: messageSchema(message, context) } } };
}

/** The component that describes the errors of a method. */
export function errorReference({ isServerStreaming }: MethodDescriptor, { options }: DocumentContext): Reference {
  const name = isServerStreaming && options.streamEnvelope ? 'EnvelopedError' : 'Error';
  return { $ref: `#/components/responses/${name}` };
}

const codeNameSchema: JsonSchema = { type: 'string', description: 'Name of the gRPC code, `NOT_FOUND`.' };
const httpStatusSchema: JsonSchema = { type: 'integer', format: 'int32', description: 'HTTP status.' };
const messageText: JsonSchema = { type: 'string', description: 'What went wrong, in English.' };

/** https://google.aip.dev/193 */
function googleError(details: JsonSchema): JsonSchema {
  const properties = { code: httpStatusSchema, message: messageText, status: codeNameSchema, details };
  return { type: 'object', properties: { error: { type: 'object', properties } }, required: ['error'] };
}

/** https://www.rfc-editor.org/rfc/rfc9457, with the gRPC code and details beside its members. */
function problem(details: JsonSchema): JsonSchema {
  return {
    type: 'object',
    properties: {
      type: { type: 'string', description: '`about:blank`: the title says what kind of problem it is.' },
      title: codeNameSchema,
      status: httpStatusSchema,
      detail: messageText,
      code: { type: 'integer', format: 'int32', description: 'gRPC code.' },
      details,
    },
  };
}

function singleMessage({ type, isRepeated }: FieldDescriptor): MessageDescriptor | undefined {
  return type.kind === 'message' && !isRepeated ? type.message : undefined;
}

function isHttpBody(type: MessageDescriptor | undefined): boolean {
  return type?.fullName === 'google.api.HttpBody';
}
