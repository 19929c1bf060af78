/**
 * Requests made from a document alone. Values are chosen by schema; the caller names those that the upstream has to know.
 */
import type {
  JsonSchema,
  MediaType,
  OpenApiDocument,
  Operation,
  Parameter,
  ResponseObject,
} from '../../src/openapi/document.ts';

export interface DocumentedOperation {
  readonly path: string;
  /** Upper case. */
  readonly method: string;
  readonly operation: Operation;
}

export interface ExampleRequest {
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Every operation of the document, those of custom HTTP methods included. */
export function operationsOf(document: OpenApiDocument): readonly DocumentedOperation[] {
  return Object.entries(document.paths).flatMap(([path, { 'x-additionalOperations': custom, ...item }]) =>
    Object.entries({ ...item, ...custom }).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: operation as Operation,
    })),
  );
}

/** A value the upstream knows for a parameter or a property; undefined: any that the schema allows will do. */
export type Known = (place: 'path' | 'query' | 'body', name: string) => unknown;

/** How much an example holds: only what is required, or all, each time with another member of each oneof. */
interface Extent {
  readonly all: boolean;
  readonly choice: number;
}

const extents: readonly Extent[] = [
  { all: false, choice: 0 },
  { all: true, choice: 0 },
  { all: true, choice: 1 },
  { all: true, choice: 2 },
];

const concreteTypes = new Map([
  ['*/*', 'application/octet-stream'],
  ['multipart/form-data', 'multipart/form-data; boundary=x'],
]);

/** Example requests of one operation: each extent with each content type of the body and each framing of the reply. */
export function* exampleRequests(
  document: OpenApiDocument,
  { path, method, operation }: DocumentedOperation,
  known: Known = () => undefined,
): Iterable<ExampleRequest> {
  const { 'application/json': json } = operation.requestBody?.content ?? {};
  if (json?.example !== undefined) {
    const target = targetOf(
      path,
      operation.parameters ?? [],
      new ValueMaker(document, { all: false, choice: 0 }, known),
    );
    const headers = { 'content-type': 'application/json' };
    yield { name: `${method} ${target}, its example`, method, target, headers, body: JSON.stringify(json.example) };
  }
  const types = Object.keys(operation.requestBody?.content ?? { '': 0 });
  const accepts = Object.keys((operation.responses['200'] as ResponseObject).content ?? { '*/*': 0 });
  for (const extent of extents) {
    const maker = new ValueMaker(document, extent, known);
    const target = targetOf(path, operation.parameters ?? [], maker);
    for (const type of types) {
      for (const accept of accepts) {
        const media = operation.requestBody?.content[type];
        const contentType = concreteTypes.get(type) ?? type;
        yield {
          name: `${method} ${target} ${type} → ${accept}${extent.all ? `, all (${extent.choice})` : ''}`,
          method,
          target,
          headers: { accept, ...(media !== undefined && { 'content-type': contentType }) },
          body: media === undefined ? undefined : bodyOf(type, media, maker),
        };
      }
    }
  }
}

/** A full value of a schema as a reply holds it; `choice` is the member that each oneof has. */
export function exampleReply(document: OpenApiDocument, schema: JsonSchema, choice: number): unknown {
  return new ValueMaker(document, { all: true, choice }, () => undefined, 'writeOnly').value(schema, 'body', '');
}

function targetOf(path: string, parameters: readonly Parameter[], maker: ValueMaker): string {
  const chosen = parameters.filter((parameter) => parameter.required || maker.extent.all);
  const inPath = chosen.filter((parameter) => parameter.in === 'path');
  const filled = inPath.reduce((text, { name, schema }) => {
    const value = String(maker.value(schema, 'path', name))
      .split('/')
      .map(encodeURIComponent)
      .join('/');
    return text.replace(`{${name}}`, value);
  }, path);
  const query = exclusive(chosen.filter((parameter) => parameter.in === 'query')).flatMap((parameter) => {
    const { name, schema, style } = parameter;
    const value = maker.value(schema, 'query', name);
    if (style === 'deepObject') return Object.entries(value as object).map(([key, each]) => [`${name}[${key}]`, each]);
    return (Array.isArray(value) ? value : [value]).map((each) => [name, each]);
  });
  const text = query.map((pair) => pair.map((part) => encodeURIComponent(String(part))).join('='));
  return text.length === 0 ? filled : `${filled}?${text.join('&')}`;
}

/** Of query parameters whose description says that they exclude each other, the first. */
function exclusive(parameters: readonly Parameter[]): readonly Parameter[] {
  const excluded = new Set<string>();
  return parameters.filter(({ name, description }) => {
    const leaf = name.slice(name.lastIndexOf('.') + 1);
    const prefix = name.slice(0, name.length - leaf.length);
    for (const [, other] of (/Excludes (.*)\.$/.exec(description ?? '')?.[1] ?? '').matchAll(/`([^`]+)`/g)) {
      if (!excluded.has(name)) excluded.add(prefix + other);
    }
    return !excluded.has(name);
  });
}

function bodyOf(type: string, { schema }: MediaType, maker: ValueMaker): string {
  if (type === 'multipart/form-data') return formOf(Object.keys((schema as { properties: object }).properties));
  const value = maker.value(schema, 'body', '');
  if (type === 'application/x-ndjson') return [value, value].map((line) => `${JSON.stringify(line)}\n`).join('');
  return type === '*/*' ? String(value) : JSON.stringify(value);
}

/** A form with a file for each name. */
function formOf(names: readonly string[]): string {
  const parts = names.map((name) => `--x\r\nContent-Disposition: form-data; name="${name}"; filename="a"\r\n\r\na\r\n`);
  return `${parts.join('')}--x--\r\n`;
}

/** Values that a schema allows, the same each time. */
class ValueMaker {
  readonly extent: Extent;
  readonly #document: OpenApiDocument;
  readonly #known: Known;
  readonly #hidden: 'readOnly' | 'writeOnly';

  constructor(document: OpenApiDocument, extent: Extent, known: Known, hidden: 'readOnly' | 'writeOnly' = 'readOnly') {
    this.#document = document;
    this.extent = extent;
    this.#known = known;
    this.#hidden = hidden;
  }

  value(schema: JsonSchema, place: Parameters<Known>[0], name: string, depth = 0): unknown {
    const known = this.#known(place, name);
    if (known !== undefined) return known;
    const { $ref, ...rest } = schema;
    if ($ref !== undefined) {
      const target = this.#document.components.schemas[$ref.slice('#/components/schemas/'.length)] ?? {};
      return this.value({ ...target, ...rest }, place, name, depth + 1);
    }
    if (schema.enum !== undefined) return schema.enum.at(this.extent.choice % schema.enum.length);
    const type = typeof schema.type === 'object' ? schema.type[0] : schema.type;
    switch (type) {
      case 'object':
        return this.#object(schema, place, depth);
      case 'array':
        return depth > 6 ? [] : [1, 2].map(() => this.value(schema.items ?? {}, place, name, depth + 1));
      case 'string':
        return textOf({ ...schema, ...schema.anyOf?.[0] });
      case 'integer':
        return 7;
      case 'number':
        return 0.5;
      case 'boolean':
        return true;
      case 'null':
        return null;
      default:
        return schema.anyOf?.[0] === undefined
          ? { any: ['thing', 1, null] }
          : this.value(schema.anyOf[0], place, name, depth);
    }
  }

  #object(schema: JsonSchema, place: Parameters<Known>[0], depth: number): unknown {
    const required = new Set(schema.required ?? []);
    const refused = (schema.not?.anyOf ?? [schema.not]).flatMap((each) => each?.required ?? []);
    const dropped = new Set([...(schema.allOf ?? []).flatMap((group) => this.#dropped(group)), ...refused]);
    const wanted = Object.entries(schema.properties ?? {}).filter(
      ([key, each]) =>
        required.has(key) ||
        (this.extent.all && depth < 6 && !each[this.#hidden] && !dropped.has(key) && key !== '@type'),
    );
    const properties = wanted.map(([key, each]) => [key, this.value(each, place, key, depth + 1)]);
    const values = schema.additionalProperties;
    if (typeof values !== 'object' || !this.extent.all || depth > 6) return Object.fromEntries(properties);
    return Object.fromEntries([[keyOf(schema.propertyNames), this.value(values, place, '', depth + 1)]]);
  }

  /** Of the members of a oneof, all but the chosen one. */
  #dropped({ oneOf = [] }: JsonSchema): readonly string[] {
    const members = oneOf.flatMap(({ required = [] }) => required);
    return members.filter((_, index) => index !== this.extent.choice % members.length);
  }
}

function keyOf({ enum: keys, pattern }: JsonSchema = {}): string {
  return keys === undefined ? (pattern === undefined ? 'key' : '7') : String(keys[0]);
}

const textsByFormat: Readonly<Record<string, string>> = {
  'date-time': '2024-02-29T12:30:00.250Z',
  'google-duration': '1.500s',
  'google-fieldmask': '',
  int64: '-9007199254740993',
  uint64: '18446744073709551615',
  uuid: 'f81d4fae-7dec-41d0-a765-00a0c91e6bf6',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
};

function textOf({ format, pattern, contentEncoding }: JsonSchema): string {
  if (contentEncoding === 'base64') return 'AP/+';
  const text = textsByFormat[format ?? ''];
  if (text !== undefined) return text;
  if (pattern === undefined) return 'some text';
  return pattern
    .replace(/^\^|\$$/g, '')
    .replaceAll('[^/]+', 'one')
    .replaceAll('.*', 'one/two')
    .replaceAll('\\', '');
}
