import type { FeatureSet, FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import {
  Edition,
  FeatureSet_EnumType,
  FeatureSet_FieldPresence,
  FeatureSet_MessageEncoding,
  FeatureSet_RepeatedFieldEncoding,
  FeatureSet_Utf8Validation,
} from '@bufbuild/protobuf/wkt';

/** What used to differ between proto2 and proto3 and is a choice per element since editions. */
export interface Features {
  readonly presence: 'explicit' | 'implicit' | 'required';
  readonly isEnumClosed: boolean;
  readonly isPacked: boolean;
  readonly isUtf8Verified: boolean;
  readonly isDelimited: boolean;
}

// https://protobuf.dev/editions/features/: editions since 2023 agree in these five.
const proto2: Features = {
  presence: 'explicit',
  isEnumClosed: true,
  isPacked: false,
  isUtf8Verified: false,
  isDelimited: false,
};
const proto3: Features = {
  presence: 'implicit',
  isEnumClosed: false,
  isPacked: true,
  isUtf8Verified: true,
  isDelimited: false,
};
const editions: Features = { ...proto3, presence: 'explicit' };

/** The defaults of a file's syntax or edition. */
export function defaultFeatures({ syntax, edition }: FileDescriptorProto): Features {
  if (syntax === 'proto3' || edition === Edition.EDITION_PROTO3) return proto3;
  return syntax === 'editions' ? editions : proto2;
}

const presences: Readonly<Record<FeatureSet_FieldPresence, Features['presence'] | undefined>> = {
  [FeatureSet_FieldPresence.FIELD_PRESENCE_UNKNOWN]: undefined,
  [FeatureSet_FieldPresence.EXPLICIT]: 'explicit',
  [FeatureSet_FieldPresence.IMPLICIT]: 'implicit',
  [FeatureSet_FieldPresence.LEGACY_REQUIRED]: 'required',
};

/** The features of an element inside one that has `inherited`; the same object when it sets none. */
export function mergeFeatures(inherited: Features, set: FeatureSet | undefined): Features {
  if (set === undefined) return inherited;
  const choose = (value: number, yes: number, otherwise: boolean): boolean => (value === 0 ? otherwise : value === yes);
  return {
    presence: presences[set.fieldPresence] ?? inherited.presence,
    isEnumClosed: choose(set.enumType, FeatureSet_EnumType.CLOSED, inherited.isEnumClosed),
    isPacked: choose(set.repeatedFieldEncoding, FeatureSet_RepeatedFieldEncoding.PACKED, inherited.isPacked),
    isUtf8Verified: choose(set.utf8Validation, FeatureSet_Utf8Validation.VERIFY, inherited.isUtf8Verified),
    isDelimited: choose(set.messageEncoding, FeatureSet_MessageEncoding.DELIMITED, inherited.isDelimited),
  };
}
