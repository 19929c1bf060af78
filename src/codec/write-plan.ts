/**
 * @module What the writer needs to know of a message type, laid out for its loop: fields by tag, keys as bytes. A plan is made when a
 * type is first mentioned and filled when it is first used, so that recursive types end.
 */
import type { EnumDescriptor, FieldDescriptor, MessageDescriptor, Schema } from '../schema/descriptors.ts';
import type { CodecOptions } from './codec.ts';
import {
  isNullValue,
  isPackable,
  type Op,
  opBool,
  opBytes,
  opEnum,
  opFixed64,
  opGroup,
  opInt64,
  opMessage,
  opOf,
  opSfixed64,
  opSint64,
  opString,
  opUint64,
  plainMessage,
  type Special,
  specialOf,
  wireTypeOf,
} from './value-op.ts';
import { type Text, textOf } from './write-text.ts';

export const single = 0;
export const list = 1;
export const map = 2;
/** Left out by a mask, but read over all the same, because it unsets the other members of its oneof. */
export const hidden = 3;

/** The fields that a mask lets through, each with those of its messages, or undefined where it is whole. */
export type FieldTree = ReadonlyMap<FieldDescriptor, FieldTree | undefined>;

/** Names of an enum, quoted, by number. */
export interface EnumTexts {
  readonly byNumber: ReadonlyMap<number, Text>;
  /** The numbers from 0 on again, where most lookups end. */
  readonly small: readonly (Text | undefined)[];
  /** Unknown numbers are unknown fields, not values. */
  readonly isClosed: boolean;
  readonly asNumber: boolean;
  /** NullValue: `null` whatever the number. */
  readonly isNull: boolean;
}

export class WriterField {
  readonly descriptor: FieldDescriptor;
  /** Position among the plan's fields. */
  readonly index: number;
  readonly op: Op;
  /** `single`, `list`, `map` or `hidden`. */
  readonly shape: number;
  /** Tag of one value. */
  readonly tag: number;
  /** Tag of packed values, or -1 where there is no such form. */
  readonly packedTag: number;
  /** `"name":` */
  readonly key: Text;
  /** Where the bit of this field, or of its oneof, is among the plan's. */
  readonly seenWord: number;
  readonly seenBit: number;
  /** The JSON of the default where it is left out: fields without presence, unless defaults are written. */
  readonly zero: Text | undefined;
  /** What stands for an absent field where defaults are written. */
  readonly defaultText: Text | undefined;
  readonly message: WriterPlan | undefined;
  readonly enumTexts: EnumTexts | undefined;
  /** Fields of a map's entry. */
  readonly mapKey: WriterField | undefined;
  readonly mapValue: WriterField | undefined;
  readonly isUtf8Verified: boolean;
  /** Whether the JSON of its values has quotes: texts, bytes, 64-bit integers. */
  readonly isQuoted: boolean;

  constructor(compiler: WriterCompiler, descriptor: FieldDescriptor, place: Place) {
    const { options } = compiler;
    const { mask } = place;
    const isHidden = mask !== undefined && !mask.has(descriptor);
    const inner = place.inner ?? mask?.get(descriptor);
    this.descriptor = descriptor;
    this.index = place.index;
    this.op = opOf(descriptor);
    this.shape = isHidden ? hidden : descriptor.map !== undefined ? map : descriptor.isRepeated ? list : single;
    this.tag = descriptor.number * 8 + wireTypeOf(this.op);
    this.packedTag = this.shape === list && isPackable(this.op) ? descriptor.number * 8 + 2 : -1;
    const name = options.protoNames === true && !descriptor.isExtension ? descriptor.name : descriptor.jsonName;
    this.key = textOf(`${JSON.stringify(name)}:`);
    this.seenWord = place.seenIndex >> 5;
    this.seenBit = 1 << (place.seenIndex & 31);
    this.isUtf8Verified = descriptor.isUtf8Verified;
    this.isQuoted = quotedOps.has(this.op);
    const { type } = descriptor;
    this.enumTexts = type.kind === 'enum' ? compiler.enumTextsOf(descriptor, type.enum) : undefined;
    this.message = type.kind === 'message' && this.shape !== map ? compiler.planOf(type.message, inner) : undefined;
    this.mapKey = descriptor.map && new WriterField(compiler, descriptor.map.key, unplaced);
    this.mapValue = descriptor.map && new WriterField(compiler, descriptor.map.value, { ...unplaced, inner });
    const implicit = descriptor.hasPresence || descriptor.isRepeated ? undefined : zeroText(this);
    this.zero = options.emitDefaults === true ? undefined : implicit;
    // Extensions are no fields that a message declares.
    const isWritten = options.emitDefaults === true && !isHidden && !descriptor.isExtension;
    this.defaultText = isWritten ? (emptyTexts[this.shape] ?? implicit) : undefined;
  }
}

interface Place {
  readonly index: number;
  readonly seenIndex: number;
  readonly mask?: FieldTree | undefined;
  readonly inner?: FieldTree | undefined;
}

/** For the fields of map entries, which no plan holds. */
const unplaced: Place = { index: 0, seenIndex: 0 };

const emptyTexts: Readonly<Record<number, Text>> = { [list]: textOf('[]'), [map]: textOf('{}') };

const quotedOps: ReadonlySet<Op> = new Set([opString, opBytes, opInt64, opUint64, opSint64, opFixed64, opSfixed64]);

/** The JSON of a scalar's zero value or an enum's first; undefined for messages. */
export function zeroText(field: WriterField): Text | undefined {
  switch (field.op) {
    case opMessage:
    case opGroup:
      return undefined;
    case opString:
    case opBytes:
      return textOf('""');
    case opBool:
      return textOf('false');
    case opEnum: {
      const { type } = field.descriptor;
      const first = type.kind === 'enum' ? (type.enum.values[0]?.number ?? 0) : 0;
      const texts = field.enumTexts;
      return (texts?.asNumber === false ? texts.byNumber.get(first) : undefined) ?? textOf(String(first));
    }
    default:
      return textOf(field.isQuoted ? '"0"' : '0');
  }
}

/**
 * What a response_body shows of a field that is absent: the empty list or map, the zero of a field without presence, and null where
 * absence can be told.
 */
export function absentText(field: WriterField): Text {
  if (field.descriptor.hasPresence) return textOf('null');
  return emptyTexts[field.shape] ?? (zeroText(field) as Text);
}

export class WriterPlan {
  readonly descriptor: MessageDescriptor;
  readonly special: Special;
  /** In order of number. Filled by `compile`, as is all below. */
  fields: readonly WriterField[] = [];
  /** Fields by tag below 1024; longer tags are in `sparse`. */
  dense: readonly (WriterField | null)[] | null = null;
  sparse: ReadonlyMap<number, WriterField> = new Map();
  /** 32-bit words that the bits of the fields take. */
  seenWords = 0;
  /** Positions of the fields whose defaults are written: all of them, but for a stretch of a message. */
  firstDefault = 0;
  endOfDefaults = 0;
  /** How deep in its message a stretch is. */
  depth = 1;
  readonly #compiler: WriterCompiler;
  readonly #mask: FieldTree | undefined;

  constructor(compiler: WriterCompiler, descriptor: MessageDescriptor, mask?: FieldTree) {
    this.#compiler = compiler;
    this.#mask = mask;
    this.descriptor = descriptor;
    this.special = specialOf(descriptor);
  }

  compile(): void {
    const { descriptor } = this;
    const mask = this.special === plainMessage ? this.#mask : undefined;
    const seen = new Map<unknown, number>();
    this.fields = this.#compiler.fieldsOf(descriptor, mask).map((field, index) => {
      const claim = field.oneof ?? field;
      const seenIndex = seen.get(claim) ?? seen.size;
      seen.set(claim, seenIndex);
      return new WriterField(this.#compiler, field, { index, seenIndex, mask });
    });
    this.seenWords = (seen.size + 31) >> 5;
    this.endOfDefaults = this.fields.length;
    const sparse = new Map<number, WriterField>();
    let longest = 0;
    for (const field of this.fields) {
      for (const tag of [field.tag, field.packedTag]) {
        if (tag >= 1024) sparse.set(tag, field);
        else longest = Math.max(longest, tag);
      }
    }
    const dense: (WriterField | null)[] = [];
    for (let tag = 0; tag <= longest; tag++) dense.push(null);
    for (const field of this.fields) {
      for (const tag of [field.tag, field.packedTag]) if (tag >= 0 && tag < 1024) dense[tag] = field;
    }
    this.sparse = sparse;
    this.dense = dense;
  }

  /** This plan, compiled, for a stretch of a message `depth` deep that answers for the defaults from one position to another. */
  stretch(depth: number, firstDefault: number, endOfDefaults: number): WriterPlan {
    const { fields, dense, sparse, seenWords } = this;
    const plan = new WriterPlan(this.#compiler, this.descriptor, this.#mask);
    return Object.assign(plan, { fields, dense, sparse, seenWords, depth, firstDefault, endOfDefaults });
  }

  /** The only field, for types whose JSON is the JSON of a field: wrappers, Struct, ListValue. */
  get inner(): WriterField {
    if (this.dense === null) this.compile();
    return this.fields[0] as WriterField;
  }
}

/** Whether a field shares a oneof with one that the mask lets through. */
function isRival({ oneof }: FieldDescriptor, mask: FieldTree): boolean {
  return oneof?.fields.some((member) => mask.has(member)) ?? false;
}

/** Makes and keeps the plans of one codec. */
export class WriterCompiler {
  readonly schema: Schema;
  readonly options: CodecOptions;
  readonly #plans: Map<MessageDescriptor, WriterPlan> = new Map();
  readonly #enums: Map<EnumDescriptor, EnumTexts> = new Map();

  constructor(schema: Schema, options: CodecOptions) {
    this.schema = schema;
    this.options = options;
  }

  planOf(descriptor: MessageDescriptor, mask?: FieldTree): WriterPlan {
    if (mask !== undefined) return new WriterPlan(this, descriptor, mask);
    let plan = this.#plans.get(descriptor);
    if (plan === undefined) {
      plan = new WriterPlan(this, descriptor);
      this.#plans.set(descriptor, plan);
    }
    return plan;
  }

  /** The fields of a message, extensions included, in order of number. */
  fieldsOf(descriptor: MessageDescriptor, mask?: FieldTree): FieldDescriptor[] {
    const all = [...descriptor.fields, ...this.schema.extensionsOf(descriptor).values()];
    const wanted = mask === undefined ? all : all.filter((field) => mask.has(field) || isRival(field, mask));
    return wanted.sort((a, b) => a.number - b.number);
  }

  enumTextsOf(field: FieldDescriptor, descriptor: EnumDescriptor): EnumTexts {
    let texts = this.#enums.get(descriptor);
    if (texts === undefined) {
      const isNull = isNullValue(field);
      const byNumber = new Map<number, Text>();
      for (const [number, value] of descriptor.valuesByNumber) {
        byNumber.set(number, textOf(isNull ? 'null' : JSON.stringify(value.name)));
      }
      const small = Array.from({ length: 64 }, (_, number) => byNumber.get(number));
      texts = {
        byNumber,
        small,
        isClosed: descriptor.isClosed,
        asNumber: this.options.enumsAsNumbers === true && !isNull,
        isNull,
      };
      this.#enums.set(descriptor, texts);
    }
    return texts;
  }
}
