import { toBinary } from '@bufbuild/protobuf';
import type { FileDescriptorProto, MethodDescriptorProto, ServiceDescriptorProto } from '@bufbuild/protobuf/wkt';
import {
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  MethodOptions_IdempotencyLevel,
  MethodOptionsSchema,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import type { FileDescriptor, MessageDescriptor, MethodDescriptor, Options, ServiceDescriptor } from './descriptors.ts';
import type { Features } from './features.ts';
import { defaultFeatures, mergeFeatures } from './features.ts';
import type { ElementFile, LinkContext, SchemaFile, Scope } from './linked-element.ts';
import { Linked } from './linked-element.ts';
import { LinkedEnum } from './linked-enum.ts';
import { LinkedField, LinkedMessage } from './linked-message.ts';
import type { SourceMap } from './source-map.ts';

/** A file with shells of all it declares; their insides are made when asked for. */
export class LinkedFile implements ElementFile, Scope {
  readonly context: LinkContext;
  readonly proto: FileDescriptorProto;
  readonly source: SourceMap;
  readonly messages: readonly LinkedMessage[];
  readonly enums: readonly LinkedEnum[];
  readonly services: readonly LinkedService[];
  readonly extensions: readonly LinkedField[];
  readonly #bytes: Uint8Array | undefined;

  constructor({ proto, source, bytes }: SchemaFile, context: LinkContext) {
    this.context = context;
    this.proto = proto;
    this.source = source;
    this.#bytes = bytes;
    this.messages = proto.messageType.map((type) => new LinkedMessage(this, type, this));
    this.enums = proto.enumType.map((type) => new LinkedEnum(this, type, this));
    this.services = proto.service.map((service) => new LinkedService(this, service));
    this.extensions = proto.extension.map((field) => new LinkedField(this, field, this));
  }

  get name(): string {
    return this.proto.name;
  }

  get package(): string {
    return this.proto.package;
  }

  /** The scope of what stands at the top level. */
  get fullName(): string {
    return this.proto.package;
  }

  get syntax(): FileDescriptor['syntax'] {
    const { syntax } = this.proto;
    return syntax === 'proto3' || syntax === 'editions' ? syntax : 'proto2';
  }

  get comment(): string {
    return this.source.commentOf(this.proto);
  }

  get options(): Options {
    return this.context.optionsOf(this.proto.options, FileOptionsSchema, () => this.source.positionOf(this.proto));
  }

  get imports(): readonly FileDescriptor[] {
    return this.proto.dependency.flatMap((name) => this.context.fileNamed(name) ?? []);
  }

  get features(): Features {
    return mergeFeatures(defaultFeatures(this.proto), this.proto.options?.features);
  }

  toBytes(): Uint8Array {
    return this.#bytes ?? toBinary(FileDescriptorProtoSchema, this.proto);
  }
}

export class LinkedService extends Linked<ServiceDescriptorProto> implements ServiceDescriptor {
  readonly kind = 'service';
  readonly methods: readonly LinkedMethod[];

  constructor(file: LinkedFile, proto: ServiceDescriptorProto) {
    super(file, proto, file.package, ServiceOptionsSchema);
    this.methods = proto.method.map((method) => new LinkedMethod(this, method));
  }
}

export class LinkedMethod extends Linked<MethodDescriptorProto> implements MethodDescriptor {
  readonly kind = 'method';
  readonly service: LinkedService;

  constructor(service: LinkedService, proto: MethodDescriptorProto) {
    super(service.file, proto, service.fullName, MethodOptionsSchema);
    this.service = service;
  }

  get input(): MessageDescriptor {
    return this.file.context.messageNamed(this.proto.inputType);
  }

  get output(): MessageDescriptor {
    return this.file.context.messageNamed(this.proto.outputType);
  }

  get isClientStreaming(): boolean {
    return this.proto.clientStreaming;
  }

  get isServerStreaming(): boolean {
    return this.proto.serverStreaming;
  }

  get idempotency(): MethodDescriptor['idempotency'] {
    const level = this.proto.options?.idempotencyLevel;
    if (level === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) return 'noSideEffects';
    return level === MethodOptions_IdempotencyLevel.IDEMPOTENT ? 'idempotent' : 'unknown';
  }

  get path(): string {
    return `/${this.service.fullName}/${this.name}`;
  }
}
