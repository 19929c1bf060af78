import type { LinkedFile } from './linked-file.ts';
import type { Declaration, LinkedSchema } from './linked-schema.ts';
import { qualify } from './proto-cursor.ts';

/** What a written name stands for; `hidden` when the only candidates are in files that this one does not import. */
export type Resolution =
  | { readonly kind: 'found'; readonly declaration: Declaration }
  | { readonly kind: 'hidden'; readonly declaration: Declaration }
  /** It stands for something of another kind than is wanted. */
  | { readonly kind: 'unfit'; readonly declaration: Declaration }
  /** The first part of the name stands for something nearer, which has no such member. */
  | { readonly kind: 'shadowed'; readonly by: string }
  | { readonly kind: 'unknown' };

/** Looks names up as one file sees them: its own declarations, those of its imports, and what these import publicly. */
export class NameScope {
  readonly #schema: LinkedSchema;
  readonly #visible: ReadonlySet<object>;
  readonly #packages: ReadonlySet<string>;

  constructor(schema: LinkedSchema, file: LinkedFile) {
    this.#schema = schema;
    const visible = new Set([file]);
    const { dependency, optionDependency } = file.proto;
    for (const name of [...dependency, ...optionDependency]) addWithPublicImports(schema, name, visible);
    this.#visible = visible;
    this.#packages = new Set([...visible].flatMap((each) => prefixesOf(each.package)));
  }

  /**
   * Resolves a name from inside `scope` outwards. The innermost scope that knows its first part decides, as in C++:
   * https://protobuf.dev/programming-guides/proto3/#name-resolution
   */
  resolve(name: string, scope: string, isWanted: (declaration: Declaration) => boolean): Resolution {
    let failure: Resolution = { kind: 'unknown' };
    const candidate = (fullName: string): Declaration | undefined => {
      const declaration = this.#schema.find(fullName);
      if (declaration === undefined) return undefined;
      const isVisible = this.#visible.has(declaration.file);
      if (isVisible && isWanted(declaration)) return declaration;
      if (failure.kind === 'unknown') failure = { kind: isVisible ? 'unfit' : 'hidden', declaration };
      return undefined;
    };
    const isAbsolute = name.startsWith('.');
    const relative = isAbsolute ? name.slice(1) : name;
    const dot = relative.indexOf('.');
    for (let at = isAbsolute ? '' : scope; ; at = at.slice(0, Math.max(at.lastIndexOf('.'), 0))) {
      const declaration = candidate(qualify(at, relative));
      if (declaration !== undefined) return { kind: 'found', declaration };
      if (at === '') return failure;
      const first = qualify(at, relative.slice(0, dot));
      if (dot >= 0 && this.#isScope(first))
        return failure.kind === 'unknown' ? { kind: 'shadowed', by: first } : failure;
    }
  }

  #isScope(fullName: string): boolean {
    if (this.#packages.has(fullName)) return true;
    const declaration = this.#schema.find(fullName);
    return declaration !== undefined && declaration.kind !== 'field' && this.#visible.has(declaration.file);
  }
}

function addWithPublicImports(schema: LinkedSchema, name: string, visible: Set<LinkedFile>): void {
  const file = schema.fileNamed(name);
  if (file === undefined || visible.has(file)) return;
  visible.add(file);
  for (const index of file.proto.publicDependency) {
    addWithPublicImports(schema, file.proto.dependency[index] ?? '', visible);
  }
}

/** `a.b.c` → `a`, `a.b`, `a.b.c`. */
function prefixesOf(name: string): string[] {
  const parts = name === '' ? [] : name.split('.');
  return parts.map((_, index) => parts.slice(0, index + 1).join('.'));
}
