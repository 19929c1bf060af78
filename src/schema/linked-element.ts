import type { DescMessage, Message } from '@bufbuild/protobuf';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import type {
  Described,
  EnumDescriptor,
  FileDescriptor,
  MessageDescriptor,
  Options,
  SourcePosition,
} from './descriptors.ts';
import type { Features } from './features.ts';
import { qualify } from './proto-cursor.ts';
import type { SourceMap } from './source-map.ts';

/** A file that is to be linked: from proto text, a descriptor set or reflection. */
export interface SchemaFile {
  /** Without source info, which `source` has. */
  readonly proto: FileDescriptorProto;
  readonly source: SourceMap;
  /** As received, when it was received compiled. */
  readonly bytes?: Uint8Array;
}

/** What descriptors ask of the schema they belong to. Names come as protos hold them, with a leading dot. */
export interface LinkContext {
  fileNamed(name: string): FileDescriptor | undefined;
  messageNamed(typeName: string): MessageDescriptor;
  enumNamed(typeName: string): EnumDescriptor;
  optionsOf(options: Message | undefined, schema: DescMessage, where: () => SourcePosition): Options;
}

interface ElementProto {
  readonly name: string;
  readonly options?: (Message & { readonly deprecated?: boolean }) | undefined;
}

/** The file of an element, with what linking needs of it. */
export interface ElementFile extends FileDescriptor {
  readonly context: LinkContext;
  readonly source: SourceMap;
}

/** What elements are declared in: a file or a message. */
export interface Scope {
  readonly fullName: string;
  readonly features: Features;
}

// These are classes for the sake of their getters: of the 200,000 elements of a large schema a program asks for a few
// hundred, so an element holds its proto and works out the rest when it is read.
export abstract class Linked<Proto extends ElementProto> implements Described {
  readonly file: ElementFile;
  readonly proto: Proto;
  readonly fullName: string;
  readonly #optionsSchema: DescMessage;

  constructor(file: ElementFile, proto: Proto, scope: string, optionsSchema: DescMessage) {
    this.file = file;
    this.proto = proto;
    this.fullName = qualify(scope, proto.name);
    this.#optionsSchema = optionsSchema;
  }

  get name(): string {
    return this.proto.name;
  }

  get comment(): string {
    return this.file.source.commentOf(this.proto);
  }

  get position(): SourcePosition {
    return this.file.source.positionOf(this.proto);
  }

  get isDeprecated(): boolean {
    return this.proto.options?.deprecated ?? false;
  }

  get options(): Options {
    return this.file.context.optionsOf(this.proto.options, this.#optionsSchema, () => this.position);
  }
}
