/** `tandem openapi --diff OLD`: what changed for REST clients since a document was written. */
import { readFileSync } from 'node:fs';
import { diffOpenApi } from '../openapi/diff.ts';
import type { Change } from '../openapi/diff-schema.ts';
import type { OpenApiDocument } from '../openapi/document.ts';
import { downconvert } from '../openapi/downconvert.ts';
import { CommandFailure, ExitCode, print, printError, printJson } from './command.ts';

/** Prints the changes; exit 1 when one of them breaks clients. */
export async function printDiff(file: string, document: OpenApiDocument, isJson: boolean): Promise<ExitCode> {
  const before = await readDocument(file);
  const isOlder = String((before as { openapi?: unknown }).openapi).startsWith('3.0');
  const changes = diffOpenApi(before, isOlder ? downconvert(document) : document);
  const breaking = changes.filter(({ isBreaking }) => isBreaking);
  if (isJson) printJson(changes);
  else {
    for (const change of changes) print(lineOf(change));
    printError(`${changes.length} changes, ${breaking.length} of them breaking`);
  }
  return breaking.length > 0 ? ExitCode.failed : ExitCode.done;
}

function lineOf({ isBreaking, where, message }: Change): string {
  return `${isBreaking ? 'breaking' : 'fine    '}  ${where}: ${message}`;
}

/** YAML, of which JSON is a part. */
async function readDocument(file: string): Promise<unknown> {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.startsWith('{')) return JSON.parse(text);
    const { parse } = await import('yaml');
    const document: unknown = parse(text);
    if (typeof document === 'object' && document !== null) return document;
  } catch (error) {
    throw new CommandFailure(`${file}: cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  throw new CommandFailure(`${file}: is not an OpenAPI document`);
}
