/**
 * What changed between two OpenAPI documents for their clients. Names of path parameters do not count, nor where a file or
 * component stands. Both documents are of one version of OpenAPI: 3.0 writes some types in other words.
 */
import { type Json, list, mapValues, record } from './authored-json.ts';
import { type Change, SchemaDiff } from './diff-schema.ts';
import { pathItemMethods } from './document.ts';

/** The changes, those that break clients first. */
export function diffOpenApi(before: unknown, after: unknown): readonly Change[] {
  const diff = new SchemaDiff(record(before), record(after));
  const [old, now] = [operationsOf(record(before)), operationsOf(record(after))];
  for (const [where, operation] of old) {
    const other = now.get(where);
    if (other === undefined) diff.report(where, 'is removed');
    else compareOperations(operation, other, diff, where);
  }
  for (const where of now.keys()) if (!old.has(where)) diff.report(where, 'is new', false);
  const unique = new Map(diff.changes.map((change) => [JSON.stringify(change), change]));
  return [...unique.values()].sort((a, b) => Number(b.isBreaking) - Number(a.isBreaking));
}

/** By `GET /v1/books/{}`. */
function operationsOf(document: Json): ReadonlyMap<string, Json> {
  const found = new Map<string, Json>();
  const responses = record(record(document['components'])['responses']);
  for (const [path, value] of Object.entries(record(document['paths']))) {
    const item = record(value);
    const bare = path.replace(/\{[^}]*\}/g, '{}').replace(/#\d+$/, '');
    const custom = Object.entries(record(item['x-additionalOperations']));
    const standard = pathItemMethods.map((method) => [method.toUpperCase(), item[method]] as const);
    for (const [method, operation] of [...standard, ...custom]) {
      if (operation === undefined) continue;
      const resolved = mapValues(record(record(operation)['responses']), (each) => resolveResponse(each, responses));
      found.set(`${method} ${bare}`, { ...record(operation), responses: resolved });
    }
  }
  return found;
}

function resolveResponse(value: unknown, components: Json): unknown {
  const { $ref } = record(value);
  return typeof $ref === 'string' ? components[$ref.slice($ref.lastIndexOf('/') + 1)] : value;
}

function compareOperations(before: Json, after: Json, diff: SchemaDiff, where: string): void {
  const [id, newId] = [before['operationId'], after['operationId']];
  if (id !== newId) diff.report(where, `operationId ${id} became ${newId}: generated clients change`, false);
  compareParameters(before, after, diff, where);
  compareBodies(record(before['requestBody']), after['requestBody'], diff, where);
  const [old, now] = [record(before['responses']), record(after['responses'])];
  for (const [status, response] of Object.entries(old)) {
    const other = now[status];
    if (other === undefined) diff.report(where, `no longer documents the reply ${status}`, status.startsWith('2'));
    else compareContents(response, other, { diff, where, direction: 'response' });
  }
}

function compareParameters(before: Json, after: Json, diff: SchemaDiff, where: string): void {
  const [old, now] = [parametersOf(before), parametersOf(after)];
  for (const [name, parameter] of old) {
    const other = now.get(name);
    const here = `${where}: ${name}`;
    if (other === undefined) {
      diff.report(here, 'is removed');
      continue;
    }
    if (other['required'] === true && parameter['required'] !== true) diff.report(here, 'is required now');
    diff.compare(parameter['schema'], other['schema'], 'request', here);
  }
  for (const [name, parameter] of now) {
    if (!old.has(name)) diff.report(`${where}: ${name}`, 'is new', parameter['required'] === true);
  }
}

/** By `query pageSize`; those of the path by their place in it. */
function parametersOf(operation: Json): ReadonlyMap<string, Json> {
  let place = 0;
  const named = list(operation['parameters']).map((each): [string, Json] => {
    const parameter = record(each);
    const kind = String(parameter['in']);
    return [kind === 'path' ? `path parameter ${++place}` : `${kind} parameter ${parameter['name']}`, parameter];
  });
  return new Map(named);
}

function compareBodies(before: Json, after: unknown, diff: SchemaDiff, where: string): void {
  const hadOne = before['content'] !== undefined;
  const body = record(after);
  if (body['required'] === true && before['required'] !== true) diff.report(where, 'needs a body now');
  if (hadOne && after === undefined) diff.report(where, 'takes no body any more');
  else compareContents(before, body, { diff, where: `${where}: body`, direction: 'request' });
}

interface ContentDiff {
  readonly diff: SchemaDiff;
  readonly where: string;
  readonly direction: 'request' | 'response';
}

function compareContents(before: unknown, after: unknown, { diff, where, direction }: ContentDiff): void {
  const [old, now] = [record(record(before)['content']), record(record(after)['content'])];
  for (const [type, media] of Object.entries(old)) {
    const other = now[type];
    if (other === undefined) diff.report(where, `no longer has ${type} (${direction})`);
    else diff.compare(record(media)['schema'], record(other)['schema'], direction, where);
  }
}
