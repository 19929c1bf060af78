/** `tandem openapi`: the OpenAPI documents, to standard output or files, or compared with files. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { OpenApiDocument } from '../openapi/document.ts';
import type { Documents } from '../openapi/documents.ts';
import { downconvert } from '../openapi/downconvert.ts';
import { ExitCode, print, printError } from './command.ts';
import { type Arguments, UsageError } from './flags.ts';
import { withGateway } from './open-gateway.ts';
import { printDiff } from './openapi-diff.ts';

/** Asks for one document or several, and where they belong. */
interface Request {
  readonly per: 'service' | 'package' | undefined;
  readonly version: '3.1' | '3.0' | undefined;
  readonly format: 'json' | 'yaml';
  readonly out: string | undefined;
  readonly check: string | undefined;
  readonly diff: string | undefined;
}

export async function run(args: Arguments): Promise<ExitCode> {
  const request = requestOf(args);
  return withGateway(args, async ({ generation }) => {
    const documents = await generation.documents();
    if (request.diff !== undefined) return printDiff(request.diff, documents.whole(), args.flags.has('json'));
    const version = request.version ?? generation.options.docs.openapiVersion;
    let code: ExitCode = ExitCode.done;
    for (const [name, make] of documentsOf(documents, request)) {
      const document = make();
      const text = await documentText(version === '3.0' ? downconvert(document) : document, request.format);
      if (give(name, text, request) !== ExitCode.done) code = ExitCode.findings;
    }
    return code;
  });
}

function requestOf(args: Arguments): Request {
  const out = args.flags.get('out') as string | undefined;
  const check = args.flags.get('check') as string | undefined;
  const diff = args.flags.get('diff') as string | undefined;
  const per = choice(args, 'per', ['service', 'package']);
  if (out !== undefined && check !== undefined)
    throw new UsageError('--out writes and --check does not; give one of them');
  if (diff !== undefined && (out ?? check ?? per) !== undefined)
    throw new UsageError('--diff compares the whole document and writes nothing; give it alone');
  if (per !== undefined && out === undefined && check === undefined)
    throw new UsageError('--per makes several documents; give --out DIR or --check DIR');
  const format = choice(args, 'format', ['json', 'yaml']) ?? formatOf(out ?? check);
  return { per, version: choice(args, 'openapi-version', ['3.1', '3.0']), format, out, check, diff };
}

function choice<T extends string>({ flags }: Arguments, name: string, values: readonly T[]): T | undefined {
  const given = flags.get(name);
  const value = values.find((one) => one === given);
  if (given !== undefined && value === undefined) {
    throw new UsageError(`--${name}: expected ${values.join(' or ')}; got ${JSON.stringify(given)}`);
  }
  return value;
}

function formatOf(file: string | undefined): Request['format'] {
  return file !== undefined && /\.ya?ml$/i.test(file) ? 'yaml' : 'json';
}

type MakeDocument = () => OpenApiDocument;

/** The documents by name, one after the other: those of a large set need not be in memory together. */
function documentsOf(
  documents: Documents,
  { per }: Request,
): readonly (readonly [name: string | undefined, MakeDocument])[] {
  if (per === undefined) return [[undefined, () => documents.whole()]];
  return documents.names(per).map((name) => [name, () => documents.of(name) ?? documents.whole()]);
}

/** Prints, writes or compares one document. */
function give(name: string | undefined, text: string, { out, check, format, per }: Request): ExitCode {
  const place = out ?? check;
  if (place === undefined) print(text);
  if (place === undefined) return ExitCode.done;
  const file = name === undefined ? place : join(place, `${name}.${format}`);
  if (check !== undefined) return compare(file, text, `${per === undefined ? '' : `--per ${per} `}--out ${check}`);
  if (name !== undefined) mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return ExitCode.done;
}

/** The text of a document; the same document always has the same. */
async function documentText(document: OpenApiDocument, format: Request['format']): Promise<string> {
  if (format === 'json') return `${JSON.stringify(document, undefined, 2)}\n`;
  const { stringify } = await import('yaml');
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
}

function compare(file: string, text: string, flags: string): ExitCode {
  if (!existsSync(file)) {
    printError(`${file}: there is no such file; run tandem openapi ${flags}`);
    return ExitCode.findings;
  }
  const committed = readFileSync(file, 'utf8');
  if (committed === text) return ExitCode.done;
  const [before, after] = [committed.split('\n'), text.split('\n')];
  const line = after.findIndex((one, index) => one !== before[index]);
  const at = line < 0 ? after.length : line;
  const show = (side: readonly string[]): string => (side[at] === undefined ? '(end of file)' : side[at].trim());
  printError(`${file}:${at + 1}: is not what the protos give now; run tandem openapi ${flags}`);
  printError(`  file      ${show(before)}\n  document  ${show(after)}`);
  return ExitCode.findings;
}
