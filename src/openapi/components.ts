/** The registry of components: asked for by full name, written once, named short. */
import type { JsonSchema, Keyed } from './document.ts';

export interface Components {
  /** A `$ref` to the component; what it holds is built when all have been asked for. */
  ref(fullName: string, build: () => JsonSchema): JsonSchema;
  /** A `$ref` to a component that does not come from the user's protos. */
  own(fullName: OwnComponent): JsonSchema;
  /** All components asked for, and those that they ask for, sorted by name. */
  build(): Keyed<JsonSchema>;
}

/** `names` has the component's name for each full name. */
export function createComponents(names: ReadonlyMap<string, string>): Components {
  const built = new Map<string, JsonSchema>();
  const pending: (() => void)[] = [];
  const components: Components = {
    ref(fullName, build) {
      const name = names.get(fullName) ?? fullName;
      if (!built.has(name)) {
        // The place is taken first and filled later: so recursive types end, and deep ones need no call stack.
        built.set(name, {});
        pending.push(() => built.set(name, build()));
      }
      return { $ref: `#/components/schemas/${name}` };
    },
    own: (fullName) => components.ref(fullName, () => ownSchemas[fullName](components)),
    build() {
      for (let fill = pending.pop(); fill !== undefined; fill = pending.pop()) fill();
      return Object.fromEntries([...built].sort(([a], [b]) => (a < b ? -1 : 1)));
    },
  };
  return components;
}

export type OwnComponent = 'google.protobuf.Any' | 'google.rpc.Status' | 'tandem.StreamError';

const ownSchemas: Readonly<Record<OwnComponent, (components: Components) => JsonSchema>> = {
  'google.protobuf.Any': () => ({
    type: 'object',
    description: 'A message of any type: its fields beside the name of its type.',
    properties: {
      '@type': { type: 'string', description: 'For example `type.googleapis.com/google.rpc.BadRequest`.' },
    },
    additionalProperties: true,
  }),
  'google.rpc.Status': ({ own }) => ({
    type: 'object',
    description: 'An error.',
    properties: {
      code: {
        type: 'integer',
        format: 'int32',
        description: 'gRPC code: 3 is INVALID_ARGUMENT, 5 NOT_FOUND, and so on.',
      },
      message: { type: 'string', description: 'What went wrong, in English.' },
      details: { type: 'array', description: 'The same for programs.', items: own('google.protobuf.Any') },
    },
  }),
  'tandem.StreamError': ({ own }) => ({
    type: 'object',
    description: 'The end of a stream that failed after its first message.',
    properties: { error: own('google.rpc.Status') },
    required: ['error'],
  }),
};

export const ownComponents: readonly OwnComponent[] = Object.keys(ownSchemas) as OwnComponent[];

/** Whether the component is written by Tandem and not derived from the proto. */
export function isOwnComponent(fullName: string): fullName is OwnComponent {
  return Object.hasOwn(ownSchemas, fullName);
}
