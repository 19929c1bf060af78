import type { DescMessage, Message } from '@bufbuild/protobuf';
import type {
  EnumDescriptor,
  FieldDescriptor,
  MessageDescriptor,
  MethodDescriptor,
  Options,
  Schema,
  ServiceDescriptor,
  SourcePosition,
} from './descriptors.ts';
import { ExtensionTypes } from './extension-types.ts';
import type { LinkContext, SchemaFile } from './linked-element.ts';
import { LinkedFile } from './linked-file.ts';
import type { LinkedMessage } from './linked-message.ts';
import type { Problem } from './problem.ts';

/** What a name can mean. */
export type Declaration = MessageDescriptor | EnumDescriptor | ServiceDescriptor | FieldDescriptor;

const noExtensions: ReadonlyMap<number, FieldDescriptor> = new Map();

/**
 * All files by name and all declarations by full name; of a duplicate the first is kept and the second is a problem.
 */
export class LinkedSchema implements Schema, LinkContext {
  readonly files: ReadonlyMap<string, LinkedFile>;
  readonly messages: Map<string, MessageDescriptor> = new Map();
  readonly enums: Map<string, EnumDescriptor> = new Map();
  readonly services: Map<string, ServiceDescriptor> = new Map();
  readonly methods: Map<string, MethodDescriptor> = new Map();
  readonly extensions: Map<string, FieldDescriptor> = new Map();
  readonly extensionTypes: ExtensionTypes;
  readonly #declarations: Map<string, Declaration> = new Map();
  #extensionsByExtendee: ReadonlyMap<string, ReadonlyMap<number, FieldDescriptor>> | undefined;

  constructor(files: Iterable<SchemaFile>, problems: Problem[]) {
    this.files = new Map([...files].map((file) => [file.proto.name, new LinkedFile(file, this)]));
    for (const file of this.files.values()) this.#declare(file, problems);
    this.extensionTypes = new ExtensionTypes(this);
  }

  /** What a full name without leading dot stands for. */
  find(fullName: string): Declaration | undefined {
    return this.#declarations.get(fullName);
  }

  /** Some declaration with this last part, to suggest. */
  findLike(shortName: string): Declaration | undefined {
    for (const declaration of this.#declarations.values()) if (declaration.name === shortName) return declaration;
    return undefined;
  }

  extensionsOf(message: MessageDescriptor): ReadonlyMap<number, FieldDescriptor> {
    return this.extensionsOfName(message.fullName);
  }

  extensionsOfName(fullName: string): ReadonlyMap<number, FieldDescriptor> {
    if (this.#extensionsByExtendee === undefined) {
      const byExtendee = new Map<string, Map<number, FieldDescriptor>>();
      for (const extension of this.extensions.values()) {
        const { fullName: extendee } = extension.parent;
        const known = byExtendee.get(extendee) ?? new Map();
        byExtendee.set(extendee, known.set(extension.number, extension));
      }
      this.#extensionsByExtendee = byExtendee;
    }
    return this.#extensionsByExtendee.get(fullName) ?? noExtensions;
  }

  fileNamed(name: string): LinkedFile | undefined {
    return this.files.get(name);
  }

  messageNamed(typeName: string): MessageDescriptor {
    return existing(this.messages.get(typeName.slice(1)), typeName);
  }

  enumNamed(typeName: string): EnumDescriptor {
    return existing(this.enums.get(typeName.slice(1)), typeName);
  }

  optionsOf(options: Message | undefined, schema: DescMessage, where: () => SourcePosition): Options {
    return this.extensionTypes.optionsOf(options, schema, where);
  }

  #declare(file: LinkedFile, problems: Problem[]): void {
    const add = <D extends Declaration>(map: Map<string, D>, declaration: D): void => {
      const other = this.find(declaration.fullName);
      if (other !== undefined) problems.push(duplicate(declaration, other));
      else {
        map.set(declaration.fullName, declaration);
        this.#declarations.set(declaration.fullName, declaration);
      }
    };
    const addMessage = (message: LinkedMessage): void => {
      add(this.messages, message);
      for (const inner of message.messages) addMessage(inner);
      for (const inner of message.enums) add(this.enums, inner);
      for (const extension of message.extensions) add(this.extensions, extension);
    };
    for (const message of file.messages) addMessage(message);
    for (const type of file.enums) add(this.enums, type);
    for (const extension of file.extensions) add(this.extensions, extension);
    for (const service of file.services) {
      add(this.services, service);
      for (const method of service.methods) this.methods.set(method.fullName, method);
    }
  }
}

function duplicate(declaration: Declaration, other: Declaration): Problem {
  const { file, line } = other.position;
  const place = line === 0 ? file : `${file}:${line}`;
  const message = `${declaration.fullName} is declared in ${place} as well; remove or rename one of the two`;
  return { position: declaration.position, subject: declaration.name, message };
}

/** Every reference was resolved before descriptors are handed out: a missing one is a mistake of this room. */
function existing<D>(declaration: D | undefined, typeName: string): D {
  if (declaration === undefined) throw new Error(`${typeName} was not resolved`);
  return declaration;
}
