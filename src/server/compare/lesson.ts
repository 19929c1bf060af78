/** The measurements of the guided tour. */
import type { FastifyRequest } from 'fastify';
import { compareOnce } from '../../compare/compare-once.ts';
import { callAtOnce, headsInTurn, withDeadline } from '../../compare/lessons.ts';
import type { Gateway } from '../../gateway/gateway.ts';
import { GrpcCode } from '../../status/code.ts';
import { StatusError } from '../../status/status-error.ts';
import { objectOf, oneOf, readCompareRequest } from './compare-request.ts';
import { admit, type CompareSubject, subjectOf } from './compare-subject.ts';

const lessons = ['multiplexing', 'headers', 'deadlines'] as const;

/** Calls of the lessons that need many. */
const AT_ONCE = 50;
const IN_TURN = 100;
const DEADLINE_MS = 1;

export async function lesson(gateway: Gateway, request: FastifyRequest): Promise<unknown> {
  const wanted = readCompareRequest(request);
  const name = oneOf(lessons, objectOf(request.body, '')['lesson'], 'lesson');
  const subject = subjectOf(gateway, wanted, request);
  await admit(gateway, wanted, request);
  if (!subject.isRepeatable) {
    throw new StatusError(GrpcCode.FAILED_PRECONDITION, `${wanted.method} may change something: it is not repeated`);
  }
  if (name === 'multiplexing') return await callAtOnce(subject.calls.values(), AT_ONCE);
  if (name === 'headers') return await headsInTurn(subject.calls.values(), IN_TURN);
  return await deadlines(subject);
}

async function deadlines({ calls, context }: CompareSubject): Promise<unknown> {
  const { results } = await compareOnce(withDeadline(calls.values(), DEADLINE_MS), context, { isOnce: true });
  return results.map(({ protocol, cold, problem }) => ({
    protocol,
    deadlineMs: DEADLINE_MS,
    code: cold?.answer.status.code ?? problem,
    totalMs: cold?.performed.totalMs,
  }));
}
