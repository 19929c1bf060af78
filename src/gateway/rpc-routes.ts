/**
 * Which requests are calls by gRPC-Web or Connect, whose path is `/package.Service/Method`. REST comes first wherever the request could be
 * either: a rule of the user's keeps its path.
 */
import type { MethodDescriptor } from '../schema/descriptors.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { type HttpRequest, headerText } from '../transcode/exchange.ts';
import { essenceOf } from '../transcode/media-type.ts';
import { connectStreamDialect } from '../transcode/rpc/connect-stream.ts';
import { connectGetDialect, connectJsonDialect, connectUnaryDialect } from '../transcode/rpc/connect-unary.ts';
import type { Dialect } from '../transcode/rpc/dialect.ts';
import { grpcWebDialect } from '../transcode/rpc/grpc-web.ts';
import type { Options } from './options.ts';

/** A call by gRPC-Web or Connect. */
export interface RpcMatch {
  readonly dialect: Dialect;
  /** The part of the target before the query. */
  readonly path: string;
  /** Undefined where nothing has the path. */
  readonly method: MethodDescriptor | undefined;
  /** Why the method cannot be called so. */
  readonly refusal?: StatusError;
}

/** What tells a call: all of a request but its body, and its path by itself. */
export type RequestHead = Pick<HttpRequest, 'method' | 'target' | 'headers'> & { readonly path: string };

/** The methods that gRPC-Web and Connect clients can call, by path. */
export interface RpcRoutes {
  /** The call that a request is by its content type, before any rule is asked. */
  declared(head: RequestHead): RpcMatch | undefined;
  /** The call that a request is where no rule has it: Connect by GET, or what a method's path does not take, where no rule has the path. */
  undeclared(head: RequestHead, isPathFree: boolean): RpcMatch | undefined;
}

/** The routes to these methods, by path, or undefined when both protocols are off. */
export function createRpcRoutes(
  methods: ReadonlyMap<string, MethodDescriptor>,
  { grpcWeb, connect }: Options['protocols'],
): RpcRoutes | undefined {
  if (!grpcWeb && !connect) return undefined;
  const dialectOf = (mediaType: string, headers: HttpRequest['headers']): Dialect | undefined =>
    (grpcWeb ? grpcWebDialect(mediaType, headers) : undefined) ??
    (connect ? (connectStreamDialect(mediaType, headers) ?? connectUnaryDialect(mediaType, headers)) : undefined);

  return {
    declared(head) {
      const { method: httpMethod, path, headers } = head;
      const contentType = headerText(headers['content-type']);
      if (httpMethod !== 'POST' || contentType === undefined) return undefined;
      // JSON is REST's too: it takes Connect's own header and a method's path to make it a call.
      const mediaType = contentType === JSON_TYPE ? JSON_TYPE : essenceOf(contentType);
      if (mediaType === JSON_TYPE && !saysConnect(headers)) return undefined;
      const method = methods.get(path);
      if (mediaType === JSON_TYPE && method === undefined) return undefined;
      const dialect = dialectOf(mediaType, headers);
      return dialect && checked(head, { dialect, path, method });
    },

    undeclared(head, isPathFree) {
      const { method: httpMethod, path, target, headers } = head;
      const method = methods.get(path);
      if (httpMethod === 'GET' && connect && /[?&]connect=v1(&|$)/.test(target)) {
        if (method !== undefined && !isGettable(method)) return refused(head, wrongVerb(method, httpMethod));
        const dialect = connectGetDialect(head);
        return dialect === undefined ? refused(head, wrongEncoding()) : { dialect, path, method };
      }
      const mediaType = essenceOf(headerText(headers['content-type']) ?? JSON_TYPE);
      if (httpMethod === 'POST' && method === undefined) {
        const dialect = saysConnect(headers) ? dialectOf(mediaType, headers) : undefined;
        return dialect && { dialect, path, method };
      }
      if (method === undefined || !isPathFree || httpMethod === 'OPTIONS') return undefined;
      if (httpMethod !== 'POST') return refused(head, wrongVerb(method, httpMethod));
      return mediaType === JSON_TYPE ? undefined : refused(head, wrongType(method));
    },
  };
}

const JSON_TYPE = 'application/json';

function saysConnect(headers: HttpRequest['headers']): boolean {
  return headers['connect-protocol-version'] !== undefined;
}

function isUnary(method: MethodDescriptor): boolean {
  return !method.isClientStreaming && !method.isServerStreaming;
}

function isGettable(method: MethodDescriptor): boolean {
  return isUnary(method) && method.idempotency === 'noSideEffects';
}

/** Connect has one form for calls of one message each way and another for streams; gRPC-Web has one for all. */
function checked(head: RequestHead, match: RpcMatch): RpcMatch {
  const { dialect, method } = match;
  const isFit =
    method === undefined || dialect.protocol !== 'connect' || isUnary(method) === (dialect.stream === undefined);
  return isFit ? match : refused(head, wrongType(method));
}

/** What no client of these protocols sends, answered so that each of them can read it. */
function refused({ path, headers }: RequestHead, refusal: StatusError): RpcMatch {
  return { dialect: connectJsonDialect(headers), path, method: undefined, refusal };
}

function wrongType(method: MethodDescriptor): StatusError {
  const connect = isUnary(method) ? ['proto', 'json'] : ['connect+proto', 'connect+json'];
  const types = [...connect, 'grpc-web+proto', 'grpc-web-text+proto'].map((type) => `application/${type}`).join(', ');
  const headers = [['accept-post', types]] as const;
  return new StatusError(GrpcCode.UNKNOWN, `${method.fullName} takes ${types}`, { httpStatus: 415, headers });
}

function wrongVerb(method: MethodDescriptor, httpMethod: string): StatusError {
  const allow = isGettable(method) ? 'GET, POST' : 'POST';
  const message = `${method.fullName} does not take ${httpMethod}, but ${allow}`;
  return new StatusError(GrpcCode.UNKNOWN, message, { httpStatus: 405, headers: [['allow', allow]] });
}

function wrongEncoding(): StatusError {
  return new StatusError(GrpcCode.UNKNOWN, 'a call by GET says encoding=proto or encoding=json', { httpStatus: 415 });
}
