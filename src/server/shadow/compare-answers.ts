/** Whether a repeated call was answered as the client's was. */
import type { Codec } from '../../codec/codec.ts';
import { diffSteps } from '../../compare/diff-json.ts';
import type { GrpcAnswer, HttpAnswer } from '../../compare/prepared-call.ts';
import { answerValue, readAnswer } from '../../compare/read-answer.ts';
import type { FieldDescriptor, MessageDescriptor } from '../../schema/descriptors.ts';
import type { GrpcCodeName } from '../../status/code.ts';
import { type NamedDifference, namedDifference } from './named-fields.ts';
import type { RepeatedCall } from './repeat-call.ts';

export type AnswersCompared =
  | { readonly kind: 'equal' }
  | { readonly kind: 'different'; readonly differences: readonly NamedDifference[] }
  /** Nobody answered, or not in a way that can be read. */
  | { readonly kind: 'failed'; readonly code: GrpcCodeName };

/** What says more of the moment than of the answer. */
const momentary: ReadonlySet<GrpcCodeName> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'RESOURCE_EXHAUSTED',
  'UNAVAILABLE',
]);

/** True for a code with which a client's call is not worth repeating, and a repeated one not worth comparing. */
export function isMomentary(code: GrpcCodeName): boolean {
  return momentary.has(code);
}

/** Compares in the JSON of the messages, fields that are ignored left out. */
export function compareAnswers(
  { method, binding, over }: RepeatedCall,
  answers: { readonly client: GrpcAnswer; readonly shadow: GrpcAnswer | HttpAnswer },
  { codec, isIgnored }: { readonly codec: Codec; readonly isIgnored: (fields: readonly FieldDescriptor[]) => boolean },
): AnswersCompared {
  if (isSameWire(answers.client, answers.shadow)) return { kind: 'equal' };
  // A rule may show one field of the reply, which is then what can be compared.
  const context = { method, codec, binding: over === 'rest' ? binding : undefined };
  const client = readAnswer({ protocol: 'grpc', startMs: 0, reply: answers.client }, context);
  const shadow = readAnswer({ protocol: over, startMs: 0, reply: answers.shadow }, context);
  const { code } = shadow.status;
  if (shadow.problem !== undefined || isMomentary(code)) return { kind: 'failed', code };
  const start: MessageDescriptor | FieldDescriptor = context.binding?.responseBody ?? method.output;
  const differences = diffSteps(answerValue(client), answerValue(shadow))
    // Where one has failed, that its message is missing says nothing more.
    .filter(({ steps }) => client.status.code === code || steps[0] === 'status')
    .map((difference) => namedDifference(difference, start))
    .filter(({ fields }) => !isIgnored(fields));
  return differences.length === 0 ? { kind: 'equal' } : { kind: 'different', differences };
}

function isSameWire({ messages: [client] }: GrpcAnswer, shadow: GrpcAnswer | HttpAnswer): boolean {
  const other = shadow.kind === 'grpc' ? shadow.messages[0] : undefined;
  return client !== undefined && other !== undefined && Buffer.compare(client.bytes, other.bytes) === 0;
}
