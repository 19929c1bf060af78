import type { DescFile, DescMessage, JsonValue, Message, MutableRegistry } from '@bufbuild/protobuf';
import { createFileRegistry, createMutableRegistry, toJson } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { file_google_protobuf_descriptor } from '@bufbuild/protobuf/wkt';
import type { FieldDescriptor, FileDescriptor, Options, SourcePosition } from './descriptors.ts';
import type { LinkedFile } from './linked-file.ts';
import { SchemaError } from './problem.ts';

/** What reading custom options needs of the schema. */
interface ExtensionSource {
  readonly files: ReadonlyMap<string, LinkedFile>;
  extensionsOfName(fullName: string): ReadonlyMap<number, FieldDescriptor>;
}

const noOptions: Options = { get: () => undefined, names: [] };

/**
 * The extensions that custom options are made of, as @bufbuild/protobuf knows them. Files are given to it one by one,
 * when an option of theirs is met: few files declare options, many use them.
 */
export class ExtensionTypes {
  readonly registry: MutableRegistry = createMutableRegistry();
  readonly #source: ExtensionSource;
  readonly #files: Map<string, DescFile> = new Map([
    ['google/protobuf/descriptor.proto', file_google_protobuf_descriptor],
  ]);
  readonly #known: Set<FileDescriptor> = new Set();
  readonly #options: WeakMap<Message, Options> = new WeakMap();

  constructor(source: ExtensionSource) {
    this.#source = source;
  }

  /** Makes the extensions of a file known to the registry. */
  add(file: FileDescriptor): void {
    if (this.#known.has(file)) return;
    this.#known.add(file);
    const types = this.#fileOf(file.name);
    for (const type of types === undefined ? [] : nestedTypes(types)) {
      if (type.kind === 'extension' || type.kind === 'message') this.registry.add(type);
      if (type.kind === 'extension') allowCopies(type, type.extendee);
    }
  }

  /** The custom options of one element: the same object each time, since documents ask for each many times. */
  optionsOf(options: Message | undefined, schema: DescMessage, where: () => SourcePosition): Options {
    if (options?.$unknown === undefined) return noOptions;
    const known = this.#options.get(options);
    if (known !== undefined) return known;
    let json: ReadonlyMap<string, JsonValue> | undefined;
    const read = (): ReadonlyMap<string, JsonValue> => {
      json ??= this.#read(options, schema, where);
      return json;
    };
    const made: Options = {
      get: (name) => read().get(name),
      get names() {
        return [...read().keys()];
      },
    };
    this.#options.set(options, made);
    return made;
  }

  #read(options: Message, schema: DescMessage, where: () => SourcePosition): ReadonlyMap<string, JsonValue> {
    try {
      const extensions = this.#source.extensionsOfName(schema.typeName);
      for (const { no } of options.$unknown ?? []) {
        const extension = extensions.get(no);
        if (extension !== undefined) this.add(extension.file);
      }
      const json = toJson(schema, options, { registry: this.registry });
      const entries = Object.entries(json ?? {}).filter(([key]) => key.startsWith('['));
      return new Map(entries.map(([key, value]) => [key.slice(1, -1), value]));
    } catch (error) {
      const message = `its options are damaged: ${error instanceof Error ? error.message : error}; compile the file anew`;
      throw new SchemaError([{ position: where(), subject: '', message }]);
    }
  }

  #fileOf(name: string): DescFile | undefined {
    const known = this.#files.get(name);
    const file = this.#source.files.get(name);
    if (known !== undefined || file === undefined) return known;
    const made = createFileRegistry(file.proto, (dependency) => this.#fileOf(dependency)).getFile(name);
    if (made !== undefined) this.#files.set(name, made);
    return made;
  }
}

/**
 * The library copies these by Object.assign onto `{}`, their own `toString` included; where Object.prototype is
 * frozen, as hardened hosts do, that assignment throws. Object.assign passes over what is not enumerable.
 */
function allowCopies(...descriptors: readonly object[]): void {
  for (const descriptor of descriptors) Object.defineProperty(descriptor, 'toString', { enumerable: false });
}
