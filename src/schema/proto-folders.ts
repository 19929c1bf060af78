import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { builtInNameOf } from './built-in-files.ts';
import type { Problem } from './problem.ts';

/** A proto file that the user named, or that a folder the user named holds. */
export interface GivenProto {
  /** Where it is on disk, as messages show it. */
  readonly path: string;
  /** The name by which other files import it. */
  readonly name: string;
}

/** Folders in which imports are looked for, in this order. */
export interface ImportPath {
  readonly roots: readonly string[];
  readonly given: readonly GivenProto[];
  readonly problems: readonly Problem[];
}

/**
 * The proto files behind `--proto` paths and the roots their imports are relative to: the import folders, then the
 * folders given, then the folders of the files given. Hidden folders and node_modules are not searched.
 */
export function findProtos(protos: readonly string[], imports: readonly string[]): ImportPath {
  const problems: Problem[] = [];
  const complain = (path: string, message: string): undefined => {
    problems.push({ position: { file: path, line: 0, column: 0 }, subject: '', message });
  };
  const roots: string[] = [];
  for (const folder of imports) {
    if (isFolder(folder)) roots.push(folder);
    else complain(folder, 'is not a folder; --import names a folder that imports are relative to');
  }
  const paths: string[] = [];
  for (const path of protos) {
    if (isFolder(path)) {
      const found = protosIn(path);
      roots.push(path);
      paths.push(...found);
      if (found.length === 0) complain(path, 'holds no .proto file; name the folder that does');
    } else if (!existsSync(path)) complain(path, 'does not exist; --proto names a .proto file or a folder');
    else if (extname(path) !== '.proto')
      complain(path, 'is not a .proto file; give a descriptor set with --descriptor-set');
    else paths.push(path);
  }
  // Behind all folders: a file belongs to a folder given, not to the one it happens to stand in.
  roots.push(...protos.filter((path) => paths.includes(path)).map((path) => dirname(path)));
  const given = new Map(paths.map((path) => [resolve(path), { path, name: nameIn(roots, path) }]));
  return { roots: [...new Set(roots)], given: [...given.values()], problems };
}

/** The file an import means, or undefined. */
export function findImport(name: string, roots: readonly string[]): string | undefined {
  if (!isImportable(name)) return undefined;
  return roots.map((root) => join(root, name)).find((path) => existsSync(path));
}

/**
 * The folder that would have to be an import root for `name` to be found, looked for upwards from the importing file.
 */
export function suggestRoot(name: string, importer: string): string | undefined {
  for (let folder = dirname(importer); ; folder = dirname(folder)) {
    if (existsSync(join(folder, name))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Import paths go down from a root only. */
export const isImportable = (name: string): boolean => !name.split('/').some((part) => ['', '.', '..'].includes(part));

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

function protosIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'node_modules') return [];
    if (isFolder(path)) return protosIn(path);
    return extname(entry.name) === '.proto' ? path : [];
  });
}

/**
 * Relative to the first root that holds it; but a copy of a built-in file has that file's name, or else a folder that
 * holds both a copy and an import of the original would declare everything twice.
 */
function nameIn(roots: readonly string[], path: string): string {
  const builtIn = builtInNameOf(path);
  if (builtIn !== undefined) return builtIn;
  for (const root of roots) {
    const name = relative(root, path);
    if (!name.startsWith('..')) return name.split(sep).join('/');
  }
  return path;
}
