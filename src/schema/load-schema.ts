/**
 * @module From what the user has (proto text, descriptor sets, reflected descriptors) to a schema. Each source ends in
 * FileDescriptorProtos, and one linker makes descriptors of them. All that is wrong is reported at once.
 */
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { alwaysLoaded, builtInFile, mixinFiles } from './built-in-files.ts';
import { checkDeclarations } from './check-declarations.ts';
import { readDescriptorSet, readFileDescriptor } from './descriptor-set.ts';
import type { Schema, ServiceDescriptor, SourcePosition } from './descriptors.ts';
import type { SchemaFile } from './linked-element.ts';
import type { LinkedFile } from './linked-file.ts';
import { LinkedSchema } from './linked-schema.ts';
import type { Problem } from './problem.ts';
import { formatProblem, SchemaError } from './problem.ts';
import { qualify } from './proto-cursor.ts';
import type { ImportPath } from './proto-folders.ts';
import { findImport, findProtos, isImportable, suggestRoot } from './proto-folders.ts';
import type { ParsedProto } from './proto-parser.ts';
import { parseProto } from './proto-parser.ts';
import { resolveReferences } from './resolve-references.ts';
import { setCustomOptions, setStandardOptions } from './set-options.ts';

export interface SchemaSources {
  /** Proto files, or folders that are searched for them. */
  readonly protos?: readonly string[];
  /** Folders that imports are relative to. google/* is found without. */
  readonly imports?: readonly string[];
  /** Paths of binary FileDescriptorSets. */
  readonly descriptorSets?: readonly string[];
  readonly descriptorSetBytes?: readonly Uint8Array[];
  /** FileDescriptorProtos, as server reflection answers with. */
  readonly fileDescriptors?: readonly Uint8Array[];
  /**
   * Services that a service configuration names: Google's mixins (Operations, IAMPolicy, Locations) among them are
   * added.
   */
  readonly mixins?: readonly string[];
}

export interface LoadedSchema {
  readonly schema: Schema;
  /**
   * The services to serve: those of the files given, of the descriptor sets and of reflection. Not those that an
   * import or a configuration brought in, and not gRPC's own (grpc.reflection.*, grpc.health.*, grpc.channelz.*).
   */
  readonly services: readonly ServiceDescriptor[];
}

/**
 * Reads, checks and links everything. Of several files with one name the first wins: text, then sets, then reflection.
 */
export async function loadSchema(sources: SchemaSources): Promise<LoadedSchema> {
  const sets = await Promise.all((sources.descriptorSets ?? []).map(readSet));
  return new SchemaLoad().run(sources, sets);
}

/** A descriptor set as it was read, or why it could not be. */
interface ReadSet {
  readonly path: string;
  readonly bytes: Uint8Array | SchemaError;
}

// Who writes a file anew empties it first: a build that runs beside a start or a reload would otherwise have it refused.
const writingMs = 1_000;
const stillMs = 20;

/** Reads a file that nobody is writing: one that has something in it and has been still for a moment. */
async function readSet(path: string): Promise<ReadSet> {
  try {
    for (const start = Date.now(); ; await setTimeout(stillMs)) {
      const before = await stat(path);
      const bytes = await readFile(path);
      const after = await stat(path);
      const isStill = before.mtimeMs === after.mtimeMs && Math.abs(Date.now() - after.mtimeMs) > stillMs;
      if ((isStill && bytes.length > 0) || Date.now() - start > writingMs) return { path, bytes };
    }
  } catch (error) {
    return { path, bytes: unreadable(path, error, '--descriptor-set names a binary file') };
  }
}

/**
 * The schema of a serialized FileDescriptorSet; google/* files that it leaves out are filled in. Throws SchemaError.
 */
export function schemaFromDescriptorSet(bytes: Uint8Array): Schema {
  return new SchemaLoad().run({ descriptorSetBytes: [bytes] }).schema;
}

const grpcOwnServices = /^grpc\.(?:reflection|health|channelz)\./;

const isParsed = (file: SchemaFile | ParsedProto): file is ParsedProto => 'pending' in file;

const MANY_FILES = 1_000;

/**
 * V8 lets a heap double before it looks for garbage, which text leaves much of: of Google's 7,200 files it would keep 300 MB. Meanwhile it
 * grows by less than a third.
 */
function frugally<T>(work: () => T): T {
  setFlagsFromString('--heap-growing-percent=30');
  try {
    return work();
  } finally {
    setFlagsFromString('--heap-growing-percent=0');
  }
}

class SchemaLoad {
  readonly #files: Map<string, SchemaFile | ParsedProto> = new Map();
  readonly #problems: Problem[] = [];

  run(sources: SchemaSources, sets: readonly ReadSet[] = []): LoadedSchema {
    const path = findProtos(sources.protos ?? [], sources.imports ?? []);
    return path.given.length < MANY_FILES
      ? this.#load(sources, path, sets)
      : frugally(() => this.#load(sources, path, sets));
  }

  #load(sources: SchemaSources, path: ImportPath, sets: readonly ReadSet[]): LoadedSchema {
    this.#problems.push(...path.problems);
    for (const { name, path: file } of path.given) this.#readText(name, file);
    this.#readCompiled(sources, sets);
    const given = new Set(this.#files.keys());
    this.#readImports(path);
    this.#refuse();
    this.#readBuiltIns(sources.mixins ?? []);
    this.#refuse();
    const schema = this.#link();
    const services = [...schema.services.values()].filter(
      ({ file, fullName }) => given.has(file.name) && !grpcOwnServices.test(fullName),
    );
    return { schema, services };
  }

  #add(file: SchemaFile | ParsedProto): void {
    if (!this.#files.has(file.proto.name)) this.#files.set(file.proto.name, file);
  }

  /** Runs a reader; what it finds wrong is kept and the reading goes on. */
  #attempt(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      this.#problems.push(...error.problems);
    }
  }

  #refuse(): void {
    // One mistake can be met twice, as by a method that takes and returns the same unknown type.
    const distinct = new Map(this.#problems.map((problem) => [formatProblem(problem), problem]));
    if (distinct.size > 0) throw new SchemaError([...distinct.values()]);
  }

  #readText(name: string, path: string): void {
    this.#attempt(() =>
      this.#add(parseProto(readOrRefuse(path, '--proto names a file or a folder').toString(), name, path)),
    );
  }

  #readCompiled(sources: SchemaSources, sets: readonly ReadSet[]): void {
    const { descriptorSetBytes = [], fileDescriptors = [] } = sources;
    for (const { path, bytes } of sets) {
      this.#attempt(() => {
        if (bytes instanceof SchemaError) throw bytes;
        for (const file of readDescriptorSet(bytes, path)) this.#add(file);
      });
    }
    for (const bytes of descriptorSetBytes) {
      this.#attempt(() => {
        for (const file of readDescriptorSet(bytes, 'descriptor set')) this.#add(file);
      });
    }
    for (const bytes of fileDescriptors) this.#attempt(() => this.#add(readFileDescriptor(bytes, 'server reflection')));
  }

  /** Follows imports until every file has what it names. The map grows while it is walked. */
  #readImports(path: ImportPath): void {
    for (const file of this.#files.values()) {
      const { dependency, optionDependency } = file.proto;
      for (const name of [...dependency, ...optionDependency]) {
        if (this.#files.has(name)) continue;
        const found = isParsed(file) ? findImport(name, path.roots) : undefined;
        if (found !== undefined) this.#readText(name, found);
        else if (!this.#readBuiltIn(name)) this.#problems.push(missingImport(file, name, path));
      }
    }
  }

  #readBuiltIn(name: string): boolean {
    const file = builtInFile(name);
    if (file !== undefined) this.#add(file);
    return file !== undefined;
  }

  /** Adds the mixins and what every schema has, unless the user's files declare it under names of their own. */
  #readBuiltIns(mixins: readonly string[]): void {
    const declared = new Set([...this.#files.values()].flatMap(namesIn));
    const names = [...alwaysLoaded, ...mixins.flatMap((name) => mixinFiles.get(name) ?? [])];
    const missing = names.filter((name) => !this.#files.has(name));
    for (const file of missing.flatMap((name) => builtInFile(name) ?? [])) {
      if (!namesIn(file).some((name) => declared.has(name))) this.#add(file);
    }
    this.#readImports({ roots: [], given: [], problems: [] });
    const cycle = findCycle(this.#files);
    if (cycle !== undefined) this.#problems.push(cycle);
  }

  #link(): LinkedSchema {
    const schema = new LinkedSchema(this.#files.values(), this.#problems);
    const texts: { readonly file: LinkedFile; readonly pending: ParsedProto['pending'] }[] = [];
    for (const source of this.#files.values()) {
      const file = schema.fileNamed(source.proto.name);
      if (file === undefined) continue;
      if (isParsed(source)) {
        texts.push({ file, pending: source.pending });
        this.#problems.push(...setStandardOptions(file, source.pending));
      }
      this.#problems.push(...resolveReferences(schema, file, isParsed(source)));
    }
    this.#refuse();
    for (const { file, pending } of texts) {
      this.#problems.push(...checkDeclarations(file), ...setCustomOptions(schema, file, pending));
    }
    this.#refuse();
    return schema;
  }
}

/** Full names of a file's top-level types. */
function namesIn({ proto }: SchemaFile): string[] {
  return [...proto.messageType, ...proto.enumType, ...proto.service].map(({ name }) => qualify(proto.package, name));
}

/** Imports must not lead back to where they began: nothing could be said about such files in any order. */
function findCycle(files: ReadonlyMap<string, SchemaFile>): Problem | undefined {
  const done = new Set<string>();
  const path = new Set<string>();
  const visit = (name: string): Problem | undefined => {
    const file = files.get(name);
    if (file === undefined || done.has(name)) return undefined;
    path.add(name);
    for (const next of file.proto.dependency) {
      const problem = path.has(next) ? cycleOf([...path, next], files) : visit(next);
      if (problem !== undefined) return problem;
    }
    path.delete(name);
    done.add(name);
    return undefined;
  };
  return [...files.keys()].map(visit).find((problem) => problem !== undefined);
}

function cycleOf(path: readonly string[], files: ReadonlyMap<string, SchemaFile>): Problem {
  const [first = '', ...others] = path.slice(path.indexOf(path.at(-1) ?? ''));
  const position = { file: files.get(first)?.source.file ?? first, line: 0, column: 0 };
  const message = `imports itself by ${others.join(' → ')}; move what the files share into a file of its own`;
  return { position, subject: '', message };
}

function readOrRefuse(path: string, remedy: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error, remedy);
  }
}

function unreadable(path: string, error: unknown, remedy: string): SchemaError {
  const message = `cannot be read (${(error as NodeJS.ErrnoException).code}); ${remedy}`;
  return new SchemaError([{ position: { file: path, line: 0, column: 0 }, subject: '', message }]);
}

function missingImport(file: SchemaFile | ParsedProto, name: string, { roots }: ImportPath): Problem {
  if (!isParsed(file)) {
    const position: SourcePosition = { file: file.proto.name, line: 0, column: 0 };
    return {
      position,
      subject: '',
      message: `imports ${name}, which is not in the set; compile it with --include_imports`,
    };
  }
  const position = file.importPositions.get(name);
  if (!isImportable(name)) {
    const message = `import "${name}" does not lead down from a root; write the path from there, and add the root by --import`;
    return { position, subject: '', message };
  }
  const root = suggestRoot(name, file.source.file);
  const advice = root === undefined ? '--import DIR, where DIR holds it' : `--import ${root === '' ? '.' : root}`;
  const message = `import "${name}" is not found in ${[...roots, 'google-proto-files'].join(', ')}; add ${advice}`;
  return { position, subject: '', message };
}
