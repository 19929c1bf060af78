/**
 * @module Forms as bodies: the pairs of application/x-www-form-urlencoded, the parts of multipart/form-data (RFC 7578). Names and texts are
 * read as those of query parameters are; a file fills a field of bytes or a HttpBody, a part in JSON any field.
 */
import type { Codec } from '../codec/codec.ts';
import { CodecError } from '../codec/codec-error.ts';
import type { Binding } from '../routing/binding.ts';
import type { FieldDescriptor, MessageDescriptor } from '../schema/descriptors.ts';
import { StatusError } from '../status/status-error.ts';
import { readJson } from './bind-body.ts';
import type { FormPart } from './exchange.ts';
import { type Claim, claimsOf, oneofClaims, refusalOf, take } from './field-claims.ts';
import { encodeHttpBody, isHttpBody, isHttpBodyField } from './http-body.ts';
import { essenceOf, isJsonType, refuseCharset } from './media-type.ts';
import type { TranscodeOptions } from './options.ts';
import { parseQuery } from './query-string.ts';
import { type QueryTarget, resolveQueryName } from './query-target.ts';

const FORM_TYPE = 'application/x-www-form-urlencoded';
export const PARTS_TYPE = 'multipart/form-data';

export interface BoundForm {
  /** In the order of the form. */
  readonly fragments: readonly Uint8Array[];
  /** What it sets: proto names from the body's message down, to the first list or map. */
  readonly paths: readonly string[];
}

/** Undefined for a body that is no form. Throws INVALID_ARGUMENT naming the part. */
export type FormBinder = (
  body: Uint8Array,
  contentType: string | undefined,
  parts: readonly FormPart[] | undefined,
) => BoundForm | undefined;

/** Undefined where a body is no message: nothing, one value or list, or bytes as they are. */
export function compileFormBinder(binding: Binding, codec: Codec, options: TranscodeOptions): FormBinder | undefined {
  const scope = scopeOf(binding);
  if (scope === undefined) return undefined;
  const bind = (parts: readonly FormPart[]): BoundForm => bindParts(parts, { scope, codec, options });
  return (body, contentType, parts) => {
    if (parts !== undefined) return bind(parts);
    // Where the body is a HttpBody, pairs are bytes like any other.
    if (contentType === undefined || scope.file !== undefined || essenceOf(contentType) !== FORM_TYPE) return undefined;
    refuseCharset(contentType, 'a form');
    const text = textOf(body, '');
    return bind(
      parseQuery(text, options.limits.formParts, 'form').map(([name, value]) => ({ name, data: bytesOf(value) })),
    );
  };
}

/** The parts of a multipart body fill fields of this binding; elsewhere they stay the bytes of one body. */
export function takesParts(binding: Binding): boolean {
  return !binding.method.isClientStreaming && scopeOf(binding) !== undefined;
}

/** What a form's names may mean. */
interface FormScope {
  /** They begin at its fields. */
  readonly message: MessageDescriptor;
  /** What leads to it from the request. */
  readonly prefix: readonly FieldDescriptor[];
  /** The body is this HttpBody: a file of any name fills it. */
  readonly file?: FieldDescriptor;
}

function scopeOf({ body, method }: Binding): FormScope | undefined {
  if (body.kind === 'none') return undefined;
  if (body.kind === 'whole') return isHttpBody(method.input) ? undefined : { message: method.input, prefix: [] };
  const { field } = body;
  if (isHttpBodyField(field)) return { message: method.input, prefix: [], file: field };
  return field.type.kind === 'message' && !field.isRepeated
    ? { message: field.type.message, prefix: [field] }
    : undefined;
}

interface FormContext {
  readonly scope: FormScope;
  readonly codec: Codec;
  readonly options: TranscodeOptions;
}

function bindParts(parts: readonly FormPart[], context: FormContext): BoundForm {
  const fragments: Uint8Array[] = [];
  const paths = new Set<string>();
  const claimed = new Map<string, string>();
  for (const part of parts) {
    const target = targetOf(part, context);
    if (target === undefined) continue;
    for (const claim of claimsOfTarget(target)) take(claimed, claim, part.name);
    fragments.push(readPart(part, target, context));
    paths.add(pathOf(target));
  }
  // What stands beside a HttpBody is no part of it.
  return { fragments, paths: context.scope.file === undefined ? [...paths] : [] };
}

type Target = Exclude<QueryTarget, { kind: 'unknown' }>;

/** The field of a part, from the message of the form down; undefined for one that is skipped. */
function targetOf({ name, filename }: FormPart, { scope, options }: FormContext): Target | undefined {
  const target = resolveQueryName(scope.message, name, options.limits.depth);
  if (target.kind !== 'unknown') return target;
  if (filename !== undefined && scope.file !== undefined) return { kind: 'field', path: [scope.file] };
  if (options.unknownFields === 'ignore') return undefined;
  throw StatusError.invalidField(name, `no such field in ${scope.message.fullName}`);
}

function claimsOfTarget({ kind, path }: Target): readonly Claim[] {
  return kind === 'field' ? claimsOf(path) : oneofClaims(path);
}

function pathOf({ path }: Target): string {
  const end = path.findIndex(({ isRepeated }) => isRepeated);
  return path
    .slice(0, end < 0 ? path.length : end + 1)
    .map(({ name }) => name)
    .join('.');
}

function readPart(part: FormPart, target: Target, { scope, codec, options }: FormContext): Uint8Array {
  const path = [...scope.prefix, ...target.path];
  try {
    if (target.kind === 'entry') {
      if (options.queryMaps) return codec.mapTextReader(path)(target.key, textOf(part.data, part.name));
      throw new CodecError('', 'map entries in a form are switched off (queryMaps)');
    }
    return readField(part, path, codec);
  } catch (error) {
    if (error instanceof CodecError) throw StatusError.invalidField(part.name, error.description, error);
    throw error;
  }
}

function readField(part: FormPart, path: readonly FieldDescriptor[], codec: Codec): Uint8Array {
  const leaf = path.at(-1) as FieldDescriptor;
  const { name, data, contentType = '', filename } = part;
  if (leaf.type.kind === 'message' && leaf.map === undefined && isHttpBody(leaf.type.message)) {
    return codec.wireReader(path)(encodeHttpBody({ contentType, data }));
  }
  const isBytes = leaf.type.kind === 'scalar' && leaf.type.scalar === 'bytes';
  if (isBytes && filename !== undefined) return codec.wireReader(path)(data);
  if (isJsonType(essenceOf(contentType))) {
    const fragment = readJson(codec.fieldReader(leaf), data, name);
    return path.length === 1 ? fragment : codec.wireReader(path.slice(0, -1))(fragment);
  }
  const refusal = refusalOf({ kind: 'field', path });
  if (refusal !== undefined) throw StatusError.invalidField(name, `${refusal}, or send the part as application/json`);
  return codec.textReader(path)(textOf(data, name));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array, name: string): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw StatusError.invalidField(name, 'not UTF-8', cause);
  }
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text);
}
