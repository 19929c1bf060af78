import { isFieldSet } from '@bufbuild/protobuf';
import type { DescriptorProto, FieldDescriptorProto, OneofDescriptorProto } from '@bufbuild/protobuf/wkt';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  MessageOptionsSchema,
  OneofOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import type { FieldDescriptor, FieldType, MessageDescriptor, OneofDescriptor, ScalarType } from './descriptors.ts';
import type { Features } from './features.ts';
import { mergeFeatures } from './features.ts';
import { jsonNameOf } from './json-name.ts';
import type { ElementFile, Scope } from './linked-element.ts';
import { Linked } from './linked-element.ts';
import { LinkedEnum } from './linked-enum.ts';

export class LinkedMessage extends Linked<DescriptorProto> implements MessageDescriptor {
  readonly kind = 'message';
  readonly messages: readonly LinkedMessage[];
  readonly enums: readonly LinkedEnum[];
  readonly extensions: readonly LinkedField[];
  readonly #scope: Scope;
  #fields: readonly LinkedField[] | undefined;
  #oneofs: readonly LinkedOneof[] | undefined;
  #byNumber: ReadonlyMap<number, LinkedField> | undefined;
  #byName: ReadonlyMap<string, LinkedField> | undefined;
  #byJsonName: ReadonlyMap<string, LinkedField> | undefined;

  constructor(file: ElementFile, proto: DescriptorProto, scope: Scope) {
    super(file, proto, scope.fullName, MessageOptionsSchema);
    this.#scope = scope;
    this.messages = proto.nestedType.map((type) => new LinkedMessage(file, type, this));
    this.enums = proto.enumType.map((type) => new LinkedEnum(file, type, this));
    this.extensions = proto.extension.map((field) => new LinkedField(file, field, this));
  }

  get fields(): readonly LinkedField[] {
    this.#fields ??= this.proto.field.map((field) => new LinkedField(this.file, field, this));
    return this.#fields;
  }

  get fieldsByNumber(): ReadonlyMap<number, LinkedField> {
    this.#byNumber ??= new Map(this.fields.map((field) => [field.number, field]));
    return this.#byNumber;
  }

  get fieldsByName(): ReadonlyMap<string, LinkedField> {
    this.#byName ??= new Map(this.fields.map((field) => [field.name, field]));
    return this.#byName;
  }

  get fieldsByJsonName(): ReadonlyMap<string, LinkedField> {
    this.#byJsonName ??= new Map(this.fields.map((field) => [field.jsonName, field]));
    return this.#byJsonName;
  }

  get oneofs(): readonly LinkedOneof[] {
    this.#oneofs ??= this.#linkOneofs();
    return this.#oneofs;
  }

  get isMapEntry(): boolean {
    return this.proto.options?.mapEntry ?? false;
  }

  get isMessageSet(): boolean {
    return this.proto.options?.messageSetWireFormat ?? false;
  }

  get features(): Features {
    return mergeFeatures(this.#scope.features, this.proto.options?.features);
  }

  #linkOneofs(): readonly LinkedOneof[] {
    const synthetic = new Set(this.proto.field.flatMap((field) => (field.proto3Optional ? field.oneofIndex : [])));
    return this.proto.oneofDecl.flatMap((oneof, index) =>
      synthetic.has(index) ? [] : new LinkedOneof(this, oneof, index),
    );
  }
}

export class LinkedOneof extends Linked<OneofDescriptorProto> implements OneofDescriptor {
  readonly kind = 'oneof';
  readonly index: number;
  readonly #message: LinkedMessage;

  constructor(message: LinkedMessage, proto: OneofDescriptorProto, index: number) {
    super(message.file, proto, message.fullName, OneofOptionsSchema);
    this.#message = message;
    this.index = index;
  }

  get fields(): readonly LinkedField[] {
    return this.#message.fields.filter((field) => field.oneof === this);
  }

  get features(): Features {
    return mergeFeatures(this.#message.features, this.proto.options?.features);
  }
}

const Type = FieldDescriptorProto_Type;

type Scalar = Exclude<
  FieldDescriptorProto_Type,
  FieldDescriptorProto_Type.MESSAGE | FieldDescriptorProto_Type.GROUP | FieldDescriptorProto_Type.ENUM
>;

const scalars: Readonly<Record<Scalar, ScalarType>> = {
  [Type.DOUBLE]: 'double',
  [Type.FLOAT]: 'float',
  [Type.INT64]: 'int64',
  [Type.UINT64]: 'uint64',
  [Type.INT32]: 'int32',
  [Type.FIXED64]: 'fixed64',
  [Type.FIXED32]: 'fixed32',
  [Type.BOOL]: 'bool',
  [Type.STRING]: 'string',
  [Type.BYTES]: 'bytes',
  [Type.UINT32]: 'uint32',
  [Type.SFIXED32]: 'sfixed32',
  [Type.SFIXED64]: 'sfixed64',
  [Type.SINT32]: 'sint32',
  [Type.SINT64]: 'sint64',
};

export class LinkedField extends Linked<FieldDescriptorProto> implements FieldDescriptor {
  readonly kind = 'field';
  readonly #scope: Scope;
  #type: FieldType | undefined;

  constructor(file: ElementFile, proto: FieldDescriptorProto, scope: Scope) {
    super(file, proto, scope.fullName, FieldOptionsSchema);
    this.#scope = scope;
  }

  get number(): number {
    return this.proto.number;
  }

  get isExtension(): boolean {
    return this.proto.extendee !== '';
  }

  get jsonName(): string {
    if (this.isExtension) return `[${this.fullName}]`;
    return this.proto.jsonName === '' ? jsonNameOf(this.name) : this.proto.jsonName;
  }

  get parent(): MessageDescriptor {
    return this.#scope instanceof LinkedMessage && !this.isExtension
      ? this.#scope
      : this.file.context.messageNamed(this.proto.extendee);
  }

  get type(): FieldType {
    this.#type ??= this.#linkType();
    return this.#type;
  }

  get isRepeated(): boolean {
    return this.proto.label === FieldDescriptorProto_Label.REPEATED;
  }

  get map(): FieldDescriptor['map'] {
    if (!this.isRepeated || this.type.kind !== 'message' || !this.type.message.isMapEntry) return undefined;
    const { fieldsByNumber } = this.type.message;
    const [key, value] = [fieldsByNumber.get(1), fieldsByNumber.get(2)];
    return key && value && { key, value };
  }

  get features(): Features {
    // A field of a oneof inherits from it (https://protobuf.dev/editions/overview/#lexical-scoping).
    return mergeFeatures((this.oneof ?? this.#scope).features, this.proto.options?.features);
  }

  get isDelimited(): boolean {
    if (this.proto.type === Type.GROUP) return true;
    if (this.proto.type !== Type.MESSAGE || !this.features.isDelimited) return false;
    const isInMapEntry = this.#scope instanceof LinkedMessage && this.#scope.isMapEntry;
    return !isInMapEntry && this.map === undefined;
  }

  get isPacked(): boolean {
    if (!this.isRepeated || this.type.kind === 'message') return false;
    if (this.type.kind === 'scalar' && (this.type.scalar === 'string' || this.type.scalar === 'bytes')) return false;
    const { options } = this.proto;
    const isSet = options !== undefined && isFieldSet(options, FieldOptionsSchema.field.packed);
    return isSet ? options.packed : this.features.isPacked;
  }

  get hasPresence(): boolean {
    if (this.isRepeated) return false;
    if (this.isExtension || this.type.kind === 'message' || this.#hasOneof) return true;
    return this.isRequired || this.features.presence !== 'implicit';
  }

  get isRequired(): boolean {
    return this.proto.label === FieldDescriptorProto_Label.REQUIRED || this.features.presence === 'required';
  }

  get oneof(): LinkedOneof | undefined {
    if (!this.#hasOneof || this.proto.proto3Optional || !(this.#scope instanceof LinkedMessage)) return undefined;
    return this.#scope.oneofs.find(({ index }) => index === this.proto.oneofIndex);
  }

  get isUtf8Verified(): boolean {
    return this.proto.type === Type.STRING && this.features.isUtf8Verified;
  }

  get defaultValue(): string | undefined {
    return isFieldSet(this.proto, FieldDescriptorProtoSchema.field.defaultValue) ? this.proto.defaultValue : undefined;
  }

  get #hasOneof(): boolean {
    return isFieldSet(this.proto, FieldDescriptorProtoSchema.field.oneofIndex);
  }

  #linkType(): FieldType {
    const { type, typeName } = this.proto;
    const { context } = this.file;
    if (type === Type.ENUM) return { kind: 'enum', enum: context.enumNamed(typeName) };
    if (type !== Type.MESSAGE && type !== Type.GROUP) return { kind: 'scalar', scalar: scalars[type] };
    return { kind: 'message', message: context.messageNamed(typeName) };
  }
}
