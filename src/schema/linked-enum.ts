import type { EnumDescriptorProto, EnumValueDescriptorProto } from '@bufbuild/protobuf/wkt';
import { EnumOptionsSchema, EnumValueOptionsSchema } from '@bufbuild/protobuf/wkt';
import type { EnumDescriptor, EnumValueDescriptor } from './descriptors.ts';
import { mergeFeatures } from './features.ts';
import type { ElementFile, Scope } from './linked-element.ts';
import { Linked } from './linked-element.ts';

export class LinkedEnum extends Linked<EnumDescriptorProto> implements EnumDescriptor {
  readonly kind = 'enum';
  readonly #scope: Scope;
  #values: readonly LinkedEnumValue[] | undefined;
  #byName: ReadonlyMap<string, LinkedEnumValue> | undefined;
  #byNumber: ReadonlyMap<number, LinkedEnumValue> | undefined;

  constructor(file: ElementFile, proto: EnumDescriptorProto, scope: Scope) {
    super(file, proto, scope.fullName, EnumOptionsSchema);
    this.#scope = scope;
  }

  get values(): readonly LinkedEnumValue[] {
    this.#values ??= this.proto.value.map((value) => new LinkedEnumValue(this.file, value, this.#scope));
    return this.#values;
  }

  get valuesByName(): ReadonlyMap<string, LinkedEnumValue> {
    this.#byName ??= new Map(this.values.map((value) => [value.name, value]));
    return this.#byName;
  }

  get valuesByNumber(): ReadonlyMap<number, LinkedEnumValue> {
    this.#byNumber ??= new Map(this.values.toReversed().map((value) => [value.number, value]));
    return this.#byNumber;
  }

  get isClosed(): boolean {
    return mergeFeatures(this.#scope.features, this.proto.options?.features).isEnumClosed;
  }
}

/** Its full name has the enum's scope, not the enum: values are siblings of their type, as in C++. */
export class LinkedEnumValue extends Linked<EnumValueDescriptorProto> implements EnumValueDescriptor {
  readonly kind = 'enumValue';

  constructor(file: ElementFile, proto: EnumValueDescriptorProto, scope: Scope) {
    super(file, proto, scope.fullName, EnumValueOptionsSchema);
  }

  get number(): number {
    return this.proto.number;
  }
}
