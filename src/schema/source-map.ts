import { fromBinary } from '@bufbuild/protobuf';
import type { FileDescriptorProto, SourceCodeInfo_Location } from '@bufbuild/protobuf/wkt';
import { SourceCodeInfoSchema } from '@bufbuild/protobuf/wkt';
import type { SourcePosition } from './descriptors.ts';

/** Where an element of a file is declared, and its comments with the blanks and stars of the source. */
export interface SourceLocation {
  readonly line: number;
  readonly column: number;
  readonly leading: string;
  readonly trailing: string;
}

/**
 * Positions and comments of one file's elements. The key is the element's own proto object; the package statement
 * stands under the FileDescriptorProto. Source info is four fifths of a descriptor set, so it is read when first asked
 * for.
 */
export class SourceMap {
  /** As shown to people: a path on disk for proto text, the import path otherwise. */
  readonly file: string;
  #read: () => ReadonlyMap<object, SourceLocation>;
  #locations: ReadonlyMap<object, SourceLocation> | undefined;

  constructor(file: string, read: () => ReadonlyMap<object, SourceLocation>) {
    this.file = file;
    this.#read = read;
  }

  positionOf(element: object): SourcePosition {
    const found = this.#all().get(element);
    return { file: this.file, line: found?.line ?? 0, column: found?.column ?? 0 };
  }

  /** The leading comment, else the trailing one: comment marks and the blank behind them gone, indentation kept. */
  commentOf(element: object): string {
    const found = this.#all().get(element);
    return plainComment(found?.leading ?? '') || plainComment(found?.trailing ?? '');
  }

  #all(): ReadonlyMap<object, SourceLocation> {
    this.#locations ??= this.#read();
    return this.#locations;
  }
}

function plainComment(comment: string): string {
  const lines = comment.split('\n').map((line) => line.trimEnd());
  const isIndented = lines.every((line) => line === '' || line.startsWith(' '));
  return (isIndented ? lines.map((line) => line.slice(1)) : lines).join('\n').replace(/^\n+|\n+$/g, '');
}

/** The locations of a compiled file, from the bytes of its SourceCodeInfo messages. */
export function readSourceInfo(
  proto: FileDescriptorProto,
  infos: readonly Uint8Array[],
): ReadonlyMap<object, SourceLocation> {
  const locations = new Map<object, SourceLocation>();
  for (const info of infos) {
    for (const location of fromBinary(SourceCodeInfoSchema, info).location) {
      const element = elementAt(proto, location.path);
      if (element !== undefined && !locations.has(element)) locations.set(element, locationOf(location));
    }
  }
  return locations;
}

function locationOf({ span, leadingComments, trailingComments }: SourceCodeInfo_Location): SourceLocation {
  const [line = -1, column = -1] = span;
  return { line: line + 1, column: column + 1, leading: leadingComments, trailing: trailingComments };
}

// Field numbers of descriptor.proto that lead from an element down to the elements declared in it.
const children: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  'google.protobuf.FileDescriptorProto': { 4: 'messageType', 5: 'enumType', 6: 'service', 7: 'extension' },
  'google.protobuf.DescriptorProto': { 2: 'field', 3: 'nestedType', 4: 'enumType', 6: 'extension', 8: 'oneofDecl' },
  'google.protobuf.EnumDescriptorProto': { 2: 'value' },
  'google.protobuf.ServiceDescriptorProto': { 2: 'method' },
};

const packageField = 2;

function elementAt(proto: FileDescriptorProto, path: readonly number[]): object | undefined {
  if (path.length === 1 && path[0] === packageField) return proto;
  if (path.length === 0 || path.length % 2 === 1) return undefined;
  let element: { readonly $typeName: string } = proto;
  for (let step = 0; step < path.length; step += 2) {
    const list = children[element.$typeName]?.[path[step] ?? 0];
    if (list === undefined) return undefined;
    const next = (element as unknown as Record<string, (typeof element)[]>)[list]?.[path[step + 1] ?? 0];
    if (next === undefined) return undefined;
    element = next;
  }
  return element;
}
