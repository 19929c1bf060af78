/** All operations in few words each, for a page that searches them. */
import type { Binding } from '../routing/binding.ts';
import { printPathTemplate } from '../routing/path-template.ts';
import { authoredOperation, authoredTag } from './authored.ts';
import { splitComment } from './comment.ts';
import { createNamer } from './naming.ts';

export interface OperationIndex {
  readonly title: string;
  readonly services: readonly IndexedService[];
  readonly operations: readonly IndexedOperation[];
}

export interface IndexedService {
  readonly name: string;
  /** Its operations' tag in the document of the service. */
  readonly tag: string;
  readonly description: string;
  readonly count: number;
}

export interface IndexedOperation {
  readonly service: string;
  readonly http: string;
  readonly path: string;
  readonly rpc: string;
  /** operationId in the document of the service. */
  readonly id: string;
  readonly summary: string;
  readonly isDeprecated: boolean;
}

/** The index of bindings by service; services and their paths in order of name. */
export function indexOperations(title: string, byService: ReadonlyMap<string, readonly Binding[]>): OperationIndex {
  const names = [...byService.keys()].sort();
  const services = names.map((name) => {
    const bindings = byService.get(name) ?? [];
    const service = bindings[0]?.method.service;
    const tag = (service && authoredTag(service).name) ?? name.slice(name.lastIndexOf('.') + 1);
    const description = service === undefined ? '' : splitComment(service.comment).summary;
    return { name, tag, description, count: bindings.length };
  });
  return { title, services, operations: names.flatMap((name) => operationsOf(name, byService.get(name) ?? [])) };
}

function operationsOf(service: string, bindings: readonly Binding[]): readonly IndexedOperation[] {
  const unique = createNamer();
  const ordered = [...bindings].sort((a, b) => a.index - b.index);
  const operations = ordered.map(({ method, httpMethod, template }) => {
    const authored = authoredOperation(method);
    return {
      service,
      http: httpMethod,
      path: printPathTemplate(template),
      rpc: method.name,
      id: unique(authored?.operationId ?? `${method.service.name}_${method.name}`),
      summary: authored?.summary ?? splitComment(method.comment).summary,
      isDeprecated: method.isDeprecated || method.service.isDeprecated || authored?.deprecated === true,
    };
  });
  return operations.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
