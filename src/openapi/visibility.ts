/** Documents for one audience: what google.api.*_visibility restricts is left out, unless one of its labels is asked for. */
import type { Binding } from '../routing/binding.ts';
import type {
  EnumDescriptor,
  EnumValueDescriptor,
  FieldDescriptor,
  MessageDescriptor,
  MethodDescriptor,
  ServiceDescriptor,
} from '../schema/descriptors.ts';
import type { OpenApiOptions } from './options.ts';

type Restricted =
  | ServiceDescriptor
  | MethodDescriptor
  | MessageDescriptor
  | FieldDescriptor
  | EnumDescriptor
  | EnumValueDescriptor;

/** google/api/visibility.proto: the same rule under a name for each kind of element. */
const optionNames: Readonly<Record<Restricted['kind'], string>> = {
  service: 'google.api.api_visibility',
  method: 'google.api.method_visibility',
  message: 'google.api.message_visibility',
  field: 'google.api.field_visibility',
  enum: 'google.api.enum_visibility',
  enumValue: 'google.api.value_visibility',
};

/** Whether readers with the labels of `visibility` may see an element. One without restriction is for all. */
export function isVisible({ kind, options }: Restricted, visibility: OpenApiOptions['visibility'] = []): boolean {
  const labels = labelsOf(options.get(optionNames[kind]));
  return labels.length === 0 || labels.some((label) => visibility.includes(label));
}

/** The bindings of the methods that may be seen, in services that may be. */
export function visibleBindings(
  bindings: readonly Binding[],
  visibility: OpenApiOptions['visibility'],
): readonly Binding[] {
  const known = new Map<Restricted, boolean>();
  const isSeen = (element: Restricted): boolean => {
    const seen = known.get(element) ?? isVisible(element, visibility);
    known.set(element, seen);
    return seen;
  };
  return bindings.filter(({ method }) => isSeen(method.service) && isSeen(method));
}

/** `"INTERNAL, PREVIEW"` → both. */
function labelsOf(rule: unknown): readonly string[] {
  if (rule === undefined) return [];
  const { restriction } = (rule ?? {}) as { readonly restriction?: unknown };
  return typeof restriction === 'string' ? restriction.split(/[\s,]+/).filter((label) => label !== '') : [];
}
