/**
 * @module Masks for sparse replies: paths such as `books.title` to the tree of fields that a writer's plan is made of.
 */
import type { FieldDescriptor, MessageDescriptor, Schema } from '../schema/descriptors.ts';
import { CodecError } from './codec-error.ts';
import { plainMessage, specialOf } from './value-op.ts';
import type { FieldTree } from './write-plan.ts';

type GrowingTree = Map<FieldDescriptor, GrowingTree | undefined>;

/**
 * The fields that the paths name, by JSON or proto names; a path goes through repeated fields and the values of maps. `undefined` when
 * a path is `*`: everything. Throws CodecError when a path names no field.
 */
export function fieldTreeOf(type: MessageDescriptor, paths: readonly string[], schema: Schema): FieldTree | undefined {
  const root: GrowingTree = new Map();
  for (const path of paths) {
    if (path === '*') return undefined;
    addPath(root, type, path, schema);
  }
  return root;
}

function addPath(root: GrowingTree, type: MessageDescriptor, path: string, schema: Schema): void {
  const steps = splitPath(path);
  let tree = root;
  let message: MessageDescriptor | undefined = type;
  for (const [index, step] of steps.entries()) {
    const field: FieldDescriptor | undefined = message && fieldNamed(message, step, schema);
    if (field === undefined) throw new CodecError(path, `names no field of ${type.fullName}`);
    const isWhole = tree.has(field) && tree.get(field) === undefined;
    if (isWhole) return;
    if (index === steps.length - 1) {
      tree.set(field, undefined);
      return;
    }
    const inner: GrowingTree = tree.get(field) ?? new Map();
    tree.set(field, inner);
    tree = inner;
    message = messageOf(field.map?.value ?? field);
  }
}

/** Steps at dots, but for those within the brackets of an extension's name. */
function splitPath(path: string): string[] {
  return path.match(/\[[^\]]*\]|[^.[\]]+/g) ?? [path];
}

function fieldNamed(message: MessageDescriptor, name: string, schema: Schema): FieldDescriptor | undefined {
  if (name.startsWith('[')) {
    const extension = schema.extensions.get(name.slice(1, -1));
    return extension?.parent === message ? extension : undefined;
  }
  return message.fieldsByJsonName.get(name) ?? message.fieldsByName.get(name);
}

/** The message whose fields a path may go on to; none for types whose JSON has no fields of theirs. */
function messageOf({ type }: FieldDescriptor): MessageDescriptor | undefined {
  return type.kind === 'message' && specialOf(type.message) === plainMessage ? type.message : undefined;
}
