/**
 * The configuration file: YAML (so JSON as well) with `${ENV}` filled in, and the line of every key for the messages.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
  visit,
  type YAMLParseError,
} from 'yaml';
import type { KeyPath } from '../gateway/options-walk.ts';
import type { SourcePosition } from '../schema/descriptors.ts';
import { type Problem, SchemaError } from '../schema/problem.ts';
import type { ConfigLayer } from './config-layers.ts';
import { type Environment, plainScalar } from './environment.ts';

/**
 * Reads a configuration file. Its relative paths start from its own folder, wherever the command is run.
 *
 * Throws SchemaError: unreadable, not YAML, a key twice, an environment variable that is not set.
 */
export function readConfigFile(file: string, environment: Environment): ConfigLayer {
  return parseConfig(readText(file), { file, environment });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(error);
    throw new SchemaError([
      { position: { file, line: 0, column: 0 }, subject: '', message: `${reason}; give --config FILE` },
    ]);
  }
}

/** The same for text that was read already. */
export function parseConfig(
  text: string,
  { file, environment }: { file: string; environment: Environment },
): ConfigLayer {
  const lines = new LineCounter();
  const position = (offset: number): SourcePosition => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems: Problem[] = document.errors.map((error) => ({
    position: position(error.pos[0]),
    subject: '',
    message: syntaxMessage(error, text),
  }));
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      interpolate(node, environment, (message) =>
        problems.push({ position: position(node.range?.[0] ?? 0), subject: '', message }),
      );
    },
  });
  if (problems.length > 0) throw new SchemaError(problems);
  return {
    content: plainValue(document, file) ?? {},
    directory: dirname(file),
    positionOf: (path) => position(offsetOf(document, path)),
  };
}

function syntaxMessage({ code, message, pos }: YAMLParseError, text: string): string {
  if (code === 'DUPLICATE_KEY') return `${/^[^\s:]*/.exec(text.slice(pos[0]))} is there twice; keep one`;
  return code === 'MULTIPLE_DOCS' ? 'a second YAML document begins here; a configuration is one' : message;
}

/** Fills `${NAME}` and `${NAME:-default}` into a scalar, after parsing: a value cannot bring structure with it. `$${` is `${`. */
function interpolate(node: Scalar, environment: Environment, problem: (message: string) => void): void {
  const text = String(node.value);
  if (!text.includes('${')) return;
  const filled = text.replace(/\$(\$\{)|\$\{(?:(\w+)(?::-([^}]*))?\})?/g, (whole, escaped, name, preset) => {
    if (escaped !== undefined) return escaped;
    if (name === undefined)
      problem(`${JSON.stringify(text)}: write \${NAME} or \${NAME:-default}, and $\${ for a plain \${`);
    const set = Object.hasOwn(environment, String(name)) ? environment[name] : undefined;
    const value = set || (preset ?? set);
    if (name !== undefined && value === undefined) {
      problem(`\${${name}}: ${name} is not set; set it, or write \${${name}:-default}`);
    }
    return value ?? whole;
  });
  node.value = node.type === Scalar.PLAIN ? plainScalar(filled) : filled;
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // The library's refusal of aliases that multiply.
    throw new SchemaError([{ position: { file, line: 0, column: 0 }, subject: '', message: (error as Error).message }]);
  }
}

/** Where the last key of the path stands, or the nearest above it that the file has. */
function offsetOf(document: Document, path: KeyPath): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
