/**
 * The documents of test/golden/openapi and of openapi/, from their protos. `npm run golden` writes them, the unit tests
 * hold them against what is written.
 */
import { stringify } from 'yaml';
import { createOpenApi } from '../src/openapi/create-openapi.ts';
import type { OpenApiDocument } from '../src/openapi/document.ts';
import { downconvert } from '../src/openapi/downconvert.ts';
import type { OpenApiOptions } from '../src/openapi/options.ts';
import { createBindings } from '../src/routing/create-bindings.ts';
import { collectHttpRules } from '../src/schema/collect-http-rules.ts';
import { loadSchema } from '../src/schema/load-schema.ts';
import { SchemaError } from '../src/schema/problem.ts';
import { readServiceConfigs } from '../src/schema/service-config.ts';

const own = 'test/protos/openapi';
const example = 'protos/example';

/** File names, each with the text that belongs into it. */
export async function writtenDocuments(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, OpenApiDocument>();
  for (const name of ['gateway_options', 'gnostic_options', 'constraints']) {
    const untitled = await documentOf([`${own}/${name}.proto`], { title: undefined, version: undefined });
    files.set(`test/golden/openapi/${name}.json`, untitled);
    files.set(`test/golden/openapi/${name}.3.0.json`, downconvert(untitled));
  }
  for (const name of ['paths', 'types', 'proto2', 'streams']) {
    files.set(`test/golden/openapi/${name}.json`, await documentOf([`${own}/${name}.proto`], { title: name }));
  }
  const machines = [`${own}/google_options.proto`];
  files.set('test/golden/openapi/google_options.json', await documentOf(machines, { title: 'for everybody' }));
  const internal = { title: 'for the makers', visibility: ['INTERNAL', 'PREVIEW'] };
  files.set('test/golden/openapi/google_options.internal.json', await documentOf(machines, internal));
  const paths = await documentOf([`${own}/paths.proto`], { title: 'paths', pathStyle: 'pattern' });
  files.set('test/golden/openapi/paths.pattern.json', paths);
  files.set(
    'test/golden/openapi/types.3.0.json',
    downconvert(await documentOf([`${own}/types.proto`], { title: 'types' })),
  );
  const switched = await documentOf([`${own}/types.proto`, `${own}/streams.proto`, `${own}/proto2.proto`], {
    title: 'every option switched',
    description: 'What the options change.',
    servers: [{ url: 'https://api.example', description: 'Everywhere' }],
    json: { protoNames: true, enumsAsNumbers: true },
    queryMaps: false,
    collision: 'reject',
    errors: 'google',
    streamEnvelope: true,
  });
  files.set('test/golden/openapi/switched.json', switched);
  const exampleDocument = await documentOf([example], {
    title: 'Tandem example',
    description: 'The Greeter and the Library that `tandem serve --demo` serves.',
  });
  files.set('openapi/example.json', exampleDocument);
  files.set('openapi/example.3.0.json', downconvert(exampleDocument));
  const texts = [...files].map(([file, document]) => [file, `${JSON.stringify(document, null, 2)}\n`] as const);
  return new Map([
    ...texts,
    ['openapi/example.yaml', stringify(exampleDocument, { aliasDuplicateObjects: false, lineWidth: 0 })],
  ]);
}

/** The document of proto files or folders, whose rules must all be right. */
export async function documentOf(
  protos: readonly string[],
  options: Partial<OpenApiOptions> = {},
): Promise<OpenApiDocument> {
  const { schema, bindings } = await bindingsOf(protos);
  return createOpenApi({ bindings, schema, options: { title: 'test', version: '1.0.0', ...options } });
}

/** The schema and the bindings of proto files or folders. */
export async function bindingsOf(protos: readonly string[]) {
  const loaded = await loadSchema({ protos, imports: [own, 'protos'] });
  const { rules } = collectHttpRules(loaded, readServiceConfigs([]));
  const { bindings, problems } = createBindings(rules);
  if (problems.length > 0) throw new SchemaError(problems);
  return { schema: loaded.schema, bindings };
}
