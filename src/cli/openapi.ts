/** `tandem openapi`: the OpenAPI document, to standard output or a file, or compared with a file. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { OpenApiDocument } from '../openapi/document.ts';
import { downconvert } from '../openapi/downconvert.ts';
import { ExitCode, print, printError } from './command.ts';
import { type Arguments, UsageError } from './flags.ts';
import { withGateway } from './open-gateway.ts';

type Format = 'json' | 'yaml';

export async function run(args: Arguments): Promise<ExitCode> {
  const out = args.flags.get('out') as string | undefined;
  const check = args.flags.get('check') as string | undefined;
  if (out !== undefined && check !== undefined)
    throw new UsageError('--out writes and --check does not; give one of them');
  const format = choice(args, 'format', ['json', 'yaml']) ?? formatOf(out ?? check);
  const version = choice(args, 'openapi-version', ['3.1', '3.0']);
  const text = await withGateway(args, ({ generation }) => {
    const document = generation.openApi();
    const is30 = (version ?? generation.options.docs.openapiVersion) === '3.0';
    return documentText(is30 ? downconvert(document) : document, format);
  });
  if (check !== undefined) return compare(check, text);
  if (out === undefined) print(text);
  else writeFileSync(out, text);
  return ExitCode.done;
}

function choice<T extends string>({ flags }: Arguments, name: string, values: readonly T[]): T | undefined {
  const given = flags.get(name);
  const value = values.find((one) => one === given);
  if (given !== undefined && value === undefined) {
    throw new UsageError(`--${name}: expected ${values.join(' or ')}; got ${JSON.stringify(given)}`);
  }
  return value;
}

function formatOf(file: string | undefined): Format {
  return file !== undefined && /\.ya?ml$/i.test(file) ? 'yaml' : 'json';
}

/** The text of a document; the same document always has the same. */
async function documentText(document: OpenApiDocument, format: Format): Promise<string> {
  if (format === 'json') return `${JSON.stringify(document, undefined, 2)}\n`;
  const { stringify } = await import('yaml');
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function compare(file: string, text: string): ExitCode {
  if (!existsSync(file)) {
    printError(`${file}: there is no such file; run tandem openapi --out ${file}`);
    return ExitCode.findings;
  }
  const committed = readFileSync(file, 'utf8');
  if (committed === text) return ExitCode.done;
  const [before, after] = [committed.split('\n'), text.split('\n')];
  const line = after.findIndex((one, index) => one !== before[index]);
  const at = line < 0 ? after.length : line;
  const show = (side: readonly string[]): string => (side[at] === undefined ? '(end of file)' : side[at].trim());
  printError(`${file}:${at + 1}: is not what the protos give now; run tandem openapi --out ${file}`);
  printError(`  file      ${show(before)}\n  document  ${show(after)}`);
  return ExitCode.findings;
}
