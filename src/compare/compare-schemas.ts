/** A client of one version of the schema calls a gateway of that version, and one of another: what it finds otherwise, and why. */
import type { Schema } from '../schema/descriptors.ts';
import { type AnswerDifference, type Comparison, compareOnce, type ProtocolResult } from './compare-once.ts';
import { diffSteps } from './diff-json.ts';
import { type Endpoints, prepareCalls, type Subject } from './prepare-calls.ts';
import type { PreparedCall, Protocol } from './prepared-call.ts';
import { answerValue, type ReadContext } from './read-answer.ts';
import { explainDifferences, type SchemaDifferences } from './schema-reasons.ts';

/** A gateway, and the schema it serves. */
export interface Version {
  readonly origin: string;
  readonly schema: Schema;
}

/**
 * Calls both over REST and gRPC with the same bytes: those that the first version's schema makes of the message. REST's answers are compared as they
 * stand there, those of gRPC as a client of the first version reads them.
 */
export async function compareSchemas(
  subject: Subject,
  codec: ReadContext['codec'],
  [first, second]: readonly [Version, Version],
): Promise<Comparison> {
  const { method, binding } = subject;
  const callsTo = (origin: string): ReturnType<typeof prepareCalls> =>
    prepareCalls(subject, codec, { origin, upstream: undefined } satisfies Endpoints);
  const [old, now] = [callsTo(first.origin), callsTo(second.origin)];
  const versions = {
    old: method,
    now: second.schema.methods.get(`${method.service.fullName}.${method.name}`),
    responseBody: binding?.responseBody,
  };
  const results: ProtocolResult[] = [];
  const differences: AnswerDifference[] = [];
  const additions: AnswerDifference[] = [];
  for (const protocol of ['rest', 'grpc'] as const) {
    const calls = [old.get(protocol), now.get(protocol)].filter((call): call is PreparedCall => call !== undefined);
    const context = { method, binding, codec, isAsWritten: true };
    const pair = await compareOnce(calls, context, { isOnce: true });
    const protocols: readonly [Protocol, Protocol] = [protocol, `${protocol}-against`];
    results.push(...pair.results.map((result, at) => ({ ...result, protocol: protocols[at] as Protocol })));
    const explained = explain(pair.results, { ...versions, request: subject.messages[0] ?? {} });
    if (explained.differences.length > 0) differences.push({ protocols, differences: explained.differences });
    if (explained.additions.length > 0) additions.push({ protocols, differences: explained.additions });
  }
  return { results, differences, additions };
}

function explain(
  [left, right]: readonly ProtocolResult[],
  { request, ...versions }: Parameters<typeof explainDifferences>[1] & { readonly request: unknown },
): SchemaDifferences {
  if (left?.cold === undefined || right?.cold === undefined) return { differences: [], additions: [] };
  return explainDifferences(
    diffSteps(answerValue(left.cold.answer), answerValue(right.cold.answer)),
    versions,
    request,
  );
}
