/** The documents of one gateway: the whole, and one for each package and each service. */
import type { Binding } from '../routing/binding.ts';
import { createOpenApi, type OpenApiInput } from './create-openapi.ts';
import type { OpenApiDocument } from './document.ts';
import { indexOperations, type OperationIndex } from './operation-index.ts';
import { visibleBindings } from './visibility.ts';

/** What one document is about. */
export type DocumentUnit = 'package' | 'service';

export interface Documents {
  whole(): OpenApiDocument;
  /** Names of the documents of one kind, sorted. Packages and services share no name. */
  names(unit: DocumentUnit): readonly string[];
  /** The document of a package or service by its full name; undefined when it has no bindings. The last few are kept. */
  of(name: string): OpenApiDocument | undefined;
  /** All operations in few words, without making any document. */
  index(): OperationIndex;
}

/** What files without a package are called. */
const noPackage = 'default';
/** Parts that are kept once made: those that somebody reads, not a second copy of everything. */
const keptParts = 16;

/**
 * Each document is made when it is first asked for. A part is made from its own bindings alone, so that its names and
 * operationIds do not change when other services are added.
 */
export function createDocuments(input: OpenApiInput): Documents {
  const bindings = visibleBindings(input.bindings, input.options.visibility);
  const units: Readonly<Record<DocumentUnit, ReadonlyMap<string, readonly Binding[]>>> = {
    package: groupBy(bindings, ({ method }) => method.file.package || noPackage),
    service: groupBy(bindings, ({ method }) => method.service.fullName),
  };
  let whole: OpenApiDocument | undefined;
  const parts = new Map<string, OpenApiDocument>();
  const makePart = (name: string): OpenApiDocument | undefined => {
    const own = units.service.get(name) ?? units.package.get(name);
    if (own === undefined) return undefined;
    return createOpenApi({ ...input, bindings: own, subject: name });
  };
  return {
    whole() {
      whole ??= createOpenApi(input);
      return whole;
    },
    index: () => indexOperations(input.options.title ?? `${units.service.size} services`, units.service),
    names: (unit) => [...units[unit].keys()].sort(),
    of(name) {
      const part = parts.get(name) ?? makePart(name);
      if (part === undefined) return undefined;
      // The one asked for last stands last; the first is the one to forget.
      parts.delete(name);
      parts.set(name, part);
      const [oldest] = parts.keys();
      if (parts.size > keptParts && oldest !== undefined) parts.delete(oldest);
      return part;
    },
  };
}

function groupBy(
  bindings: readonly Binding[],
  nameOf: (binding: Binding) => string,
): ReadonlyMap<string, readonly Binding[]> {
  const groups = new Map<string, Binding[]>();
  for (const binding of bindings) {
    const name = nameOf(binding);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [binding]);
    else group.push(binding);
  }
  return groups;
}
