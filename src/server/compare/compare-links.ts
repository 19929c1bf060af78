import type { Gateway } from '../../gateway/gateway.ts';
import { type OpenApiDocument, type Operation, type PathItem, pathItemMethods } from '../../openapi/document.ts';
import { pageLinks } from '../page-links.ts';

/** Where the page of comparisons is; undefined when it is off, or its path is that of a method. */
export function comparePath({ generation }: Gateway): string | undefined {
  return pageLinks(generation).find(({ name }) => name === 'compare')?.path;
}

/** The document for a page of ours: each operation leads to the comparison of its method, where there is that page. */
export function withCompareLinks(document: OpenApiDocument, gateway: Gateway): OpenApiDocument {
  const path = comparePath(gateway);
  if (path === undefined) return document;
  const items = Object.entries(document.paths).map(([key, item]) => [key, linkedItem(item, path)] as const);
  return { ...document, paths: Object.fromEntries(items) };
}

function linkedItem(item: PathItem, path: string): PathItem {
  const operations = pathItemMethods.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [[method, linkedOperation(operation, path)] as const];
  });
  return { ...item, ...Object.fromEntries(operations) };
}

function linkedOperation(operation: Operation, path: string): Operation {
  const { description, 'x-grpc-method': method } = operation;
  if (method === undefined) return operation;
  const link = `[Compare REST and gRPC](${path}#${method.replace('/', '.')})`;
  return { ...operation, description: description === undefined ? link : `${description}\n\n${link}` };
}
