/**
 * @module What the reader needs to know of a message type: fields by name, tags as bytes. As in write-plan.ts, a plan is made when its
 * type is first mentioned and filled when it is first used.
 */
import type { EnumDescriptor, FieldDescriptor, MessageDescriptor, Schema } from '../schema/descriptors.ts';
import { varint } from '../wire/varint.ts';
import type { CodecOptions } from './codec.ts';
import { NameTable } from './name-table.ts';
import {
  isNullValue,
  isPackable,
  type Op,
  opGroup,
  opOf,
  type Special,
  specialOf,
  valueMessage,
  wireTypeOf,
} from './value-op.ts';
import { list, map, single } from './write-plan.ts';
import { type Text, textOf } from './write-text.ts';

export interface EnumNames {
  readonly descriptor: EnumDescriptor;
  readonly table: NameTable<number>;
  /** Numbers by upper-case name where case does not count. */
  readonly anyCase: ReadonlyMap<string, number> | undefined;
}

export class ReaderField {
  readonly descriptor: FieldDescriptor;
  readonly index: number;
  readonly op: Op;
  /** `single`, `list` or `map`. */
  readonly shape: number;
  /** Tag of one value, or of all of them where they are packed: bytes as a little-endian word and a fifth. */
  readonly tag: number;
  readonly tagWord: number;
  readonly tagLength: number;
  readonly isPacked: boolean;
  /** Tag of one value that is not packed. */
  readonly valueTag: number;
  /** `name"`, behind the opening quote: what the next key is guessed to be. */
  readonly key: Text;
  readonly seenWord: number;
  readonly seenBit: number;
  /** Bit of the oneof, or 0. */
  readonly oneofWord: number;
  readonly oneofBit: number;
  /** A zero is not written: fields without presence. */
  readonly dropsZero: boolean;
  /** `null` is a value: google.protobuf.Value and NullValue. */
  readonly takesNull: boolean;
  readonly isNullEnum: boolean;
  readonly message: ReaderPlan | undefined;
  readonly enumNames: EnumNames | undefined;
  readonly mapKey: ReaderField | undefined;
  readonly mapValue: ReaderField | undefined;
  /** Bytes that the length took last time: what is kept free the next time. */
  lengthSize = 1;

  constructor(
    compiler: ReaderCompiler,
    descriptor: FieldDescriptor,
    index: number,
    seenIndex: number,
    oneofIndex: number,
  ) {
    this.descriptor = descriptor;
    this.index = index;
    this.op = opOf(descriptor);
    this.shape = descriptor.map !== undefined ? map : descriptor.isRepeated ? list : single;
    this.isPacked = this.shape === list && descriptor.isPacked && isPackable(this.op);
    this.valueTag = descriptor.number * 8 + wireTypeOf(this.op);
    this.tag = this.isPacked ? descriptor.number * 8 + 2 : this.valueTag;
    const bytes = varint(this.tag);
    this.tagLength = bytes.length;
    this.tagWord = Buffer.from([...bytes, 0, 0, 0]).readInt32LE(0);
    this.key = textOf(`${descriptor.jsonName}"`);
    this.seenWord = seenIndex >> 5;
    this.seenBit = 1 << (seenIndex & 31);
    this.oneofWord = oneofIndex >> 5;
    this.oneofBit = oneofIndex < 0 ? 0 : 1 << (oneofIndex & 31);
    this.dropsZero = !descriptor.hasPresence && this.shape === single;
    this.isNullEnum = isNullValue(descriptor);
    const { type } = descriptor;
    this.enumNames = type.kind === 'enum' ? compiler.enumNamesOf(type.enum) : undefined;
    this.message = type.kind === 'message' && this.shape !== map ? compiler.planOf(type.message) : undefined;
    this.takesNull = this.isNullEnum || this.message?.special === valueMessage;
    this.mapKey = descriptor.map && new ReaderField(compiler, descriptor.map.key, 0, 0, -1);
    this.mapValue = descriptor.map && new ReaderField(compiler, descriptor.map.value, 0, 0, -1);
  }

  get isGroup(): boolean {
    return this.op === opGroup;
  }
}

export class ReaderPlan {
  readonly descriptor: MessageDescriptor;
  readonly special: Special;
  /** Filled by `compile`, as is all below. */
  fields: readonly ReaderField[] = [];
  names: NameTable<ReaderField> | null = null;
  /** 32-bit words that the bits of fields and oneofs take. */
  seenWords = 0;
  readonly #compiler: ReaderCompiler;

  constructor(compiler: ReaderCompiler, descriptor: MessageDescriptor) {
    this.#compiler = compiler;
    this.descriptor = descriptor;
    this.special = specialOf(descriptor);
  }

  compile(): void {
    const { descriptor } = this;
    const extensions = [...this.#compiler.schema.extensionsOf(descriptor).values()];
    const descriptors = [...descriptor.fields, ...extensions].sort((a, b) => a.number - b.number);
    const oneofs = [...descriptor.oneofs];
    this.fields = descriptors.map((field, index) => {
      const oneofIndex = field.oneof === undefined ? -1 : descriptors.length + oneofs.indexOf(field.oneof);
      return new ReaderField(this.#compiler, field, index, index, oneofIndex);
    });
    this.seenWords = (descriptors.length + oneofs.length + 31) >> 5;
    // A JSON name wins over a proto name: `foo_bar` may be the one of one field and the other of another.
    const protoNames = this.fields.filter(({ descriptor: { isExtension } }) => !isExtension);
    this.names = new NameTable([
      ...protoNames.map((field): [string, ReaderField] => [field.descriptor.name, field]),
      ...this.fields.map((field): [string, ReaderField] => [field.descriptor.jsonName, field]),
    ]);
  }

  /** The only field, for types whose JSON is the JSON of a field: wrappers, Struct, ListValue. */
  get inner(): ReaderField {
    if (this.names === null) this.compile();
    return this.fields[0] as ReaderField;
  }
}

/** Makes and keeps the plans of one codec. */
export class ReaderCompiler {
  readonly schema: Schema;
  readonly options: CodecOptions;
  readonly #plans: Map<MessageDescriptor, ReaderPlan> = new Map();
  readonly #enums: Map<EnumDescriptor, EnumNames> = new Map();

  constructor(schema: Schema, options: CodecOptions) {
    this.schema = schema;
    this.options = options;
  }

  planOf(descriptor: MessageDescriptor): ReaderPlan {
    let plan = this.#plans.get(descriptor);
    if (plan === undefined) {
      plan = new ReaderPlan(this, descriptor);
      this.#plans.set(descriptor, plan);
    }
    return plan;
  }

  /** The plan of one field, also of an extension. */
  fieldOf(descriptor: FieldDescriptor): ReaderField {
    const plan = this.planOf(descriptor.parent);
    if (plan.names === null) plan.compile();
    return plan.fields.find((field) => field.descriptor === descriptor) ?? new ReaderField(this, descriptor, 0, 0, -1);
  }

  enumNamesOf(descriptor: EnumDescriptor): EnumNames {
    let names = this.#enums.get(descriptor);
    if (names === undefined) {
      const pairs = descriptor.values.map(({ name, number }): [string, number] => [name, number]);
      const anyCase =
        this.options.enumIgnoreCase === true ? new Map(pairs.map(([name, n]) => [name.toUpperCase(), n])) : undefined;
      names = { descriptor, table: new NameTable(pairs), anyCase };
      this.#enums.set(descriptor, names);
    }
    return names;
  }
}
