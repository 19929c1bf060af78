/**
 * @module The request message of one call: body, query and path, each encoded by itself and concatenated in that order. Protobuf
 * merges concatenated encodings and the last value of a field wins, so the path wins by construction.
 */
import type { Codec } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import type { Binding, PathVariable } from '../routing/binding.ts';
import type { MessageDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import { concatFragments } from '../wire/fragment.ts';
import { compileBodyBinder } from './bind-body.ts';
import { compileFormBinder } from './bind-form.ts';
import { compileQueryBinder } from './bind-query.ts';
import { compileCollisionCheck, type IsSet, isOnWire } from './collisions.ts';
import { type HttpRequest, headerText } from './exchange.ts';
import { isHttpBody } from './http-body.ts';
import { bodyFormatOf, refuseCompression } from './media-type.ts';
import type { TranscodeOptions } from './options.ts';
import { parseQuery, type QueryPair } from './query-string.ts';
import { compileQuerySplitter, emptyQuery, type SplitQuery, type SystemParameters } from './system-parameters.ts';
import { compileMaskDeriver } from './update-mask.ts';

export interface BoundRequest {
  readonly message: Uint8Array;
  readonly system: SystemParameters;
}

/** Throws INVALID_ARGUMENT with a field violation, or 415. */
export type RequestBinder = (request: HttpRequest, captures: readonly string[]) => BoundRequest;

export function compileRequestBinder(binding: Binding, codec: Codec, options: TranscodeOptions): RequestBinder {
  const bindHead = compileHeadBinder(binding, codec, options);
  const bindBody = compileBodyBinder(binding, codec, options);
  const bindForm = compileFormBinder(binding, codec, options);
  const deriveMask = options.patchMask ? compileMaskDeriver(binding) : undefined;
  const refuseCollision = options.collision === 'reject' ? compileCollisionCheck(binding) : undefined;
  const bodyType = bodyTypeOf(binding);
  return (request, captures) => {
    const { body, parts } = request;
    const contentType = headerText(request.headers['content-type']);
    if (body.length > 0) refuseCompression(headerText(request.headers['content-encoding']));
    const form =
      body.length > 0 && contentType !== 'application/json' ? bindForm?.(body, contentType, parts) : undefined;
    const fragments = form === undefined ? [bindBody(body, contentType)] : [...form.fragments];
    const head = bindHead(request, captures);
    fragments.push(...head.query);
    if ((deriveMask ?? refuseCollision) !== undefined && bodyType !== undefined && body.length > 0) {
      const hasNames = form !== undefined || bodyFormatOf(contentType) === 'json';
      const present = (): readonly string[] => form?.paths ?? codec.presentPaths(bodyType, body);
      refuseCollision?.(hasNames ? isAmong(present()) : (_name, path) => isOnWire(body, path));
      if (deriveMask !== undefined && hasNames) fragments.push(deriveMask(present, head.pairs));
    }
    fragments.push(...head.path);
    return { message: concatFragments(fragments.filter((fragment) => fragment.length > 0)), system: head.system };
  };
}

/** What the request's head, its target, gives to a message. */
export interface BoundHead {
  readonly system: SystemParameters;
  /** The query parameters that are fields. */
  readonly pairs: readonly QueryPair[];
  readonly query: readonly Uint8Array[];
  readonly path: readonly Uint8Array[];
}

export type HeadBinder = (request: HttpRequest, captures: readonly string[]) => BoundHead;

export function compileHeadBinder(binding: Binding, codec: Codec, options: TranscodeOptions): HeadBinder {
  const split = compileQuerySplitter(binding.method.input, options.ignoredQuery);
  const bindQuery = compileQueryBinder(binding, codec, options);
  const bindPath = compilePathBinder(binding.variables, codec);
  return (request, captures) => {
    const { system, pairs } = queryOf(request.target, split, options);
    return {
      system,
      pairs,
      query: pairs.length === 0 ? [] : bindQuery(pairs),
      path: bindPath.map((bind, index) => bind(captures[index] ?? '')),
    };
  };
}

function queryOf(
  target: string,
  split: (pairs: readonly QueryPair[]) => SplitQuery,
  options: TranscodeOptions,
): SplitQuery {
  const start = target.indexOf('?');
  if (start < 0 || start === target.length - 1) return emptyQuery;
  return split(parseQuery(target.slice(start + 1), options.limits.queryPairs));
}

function compilePathBinder(
  variables: readonly PathVariable[],
  codec: Codec,
): readonly ((text: string) => Uint8Array)[] {
  return variables.map(({ text: name, fields }) => {
    const read = codec.textReader(fields);
    return (text) => {
      try {
        return read(text);
      } catch (error) {
        if (error instanceof CodecError) throw StatusError.invalidField(name, error.description, error);
        throw error;
      }
    };
  });
}

/** The message whose fields a body sets; undefined where it is none, or raw bytes. */
function bodyTypeOf({ body, method }: Binding): MessageDescriptor | undefined {
  const field = body.kind === 'field' && body.field.type.kind === 'message' ? body.field.type.message : undefined;
  const type = body.kind === 'whole' ? method.input : field;
  return type === undefined || isHttpBody(type) ? undefined : type;
}

function isAmong(names: readonly string[]): IsSet {
  return (name) => names.includes(name);
}
