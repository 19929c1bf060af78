/**
 * Descriptors from the upstreams' own server reflection.
 */
import { createHash } from 'node:crypto';
import { type Problem, SchemaError } from '../schema/problem.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { reflectDescriptors } from '../upstream/reflection.ts';
import type { Transport } from '../upstream/transport.ts';

/** Serialized FileDescriptorProtos, imports included, by the upstream's target. */
export type ReflectedFiles = ReadonlyMap<string, readonly Uint8Array[]>;

export interface Reflected {
  readonly files: ReflectedFiles;
  /** Upstreams that could not be asked, being unreachable or too slow, and were not before. */
  readonly unreachable: readonly Transport[];
}

/** How long an upstream has to answer what it serves, in milliseconds, before it counts as unreachable. */
const TIMEOUT_MS = 5_000;

/**
 * Asks all of them. What one told `before` holds while it cannot be reached: its routes must not go with it. Rejects with SchemaError when
 * one answers but has no reflection service.
 */
export async function reflectAll(transports: readonly Transport[], before?: ReflectedFiles): Promise<Reflected> {
  const files = new Map<string, readonly Uint8Array[]>();
  const unreachable: Transport[] = [];
  const problems: Problem[] = [];
  await Promise.all(
    transports.map(async (transport) => {
      const { target } = transport;
      try {
        const reflected = await reflectDescriptors(transport, { deadlineMs: TIMEOUT_MS });
        files.set(target, reflected.files);
      } catch (error) {
        if (error instanceof SchemaError) problems.push(...error.problems);
        else if (!(error instanceof StatusError)) throw error;
        else if (!isTemporary(error)) {
          problems.push({ position: undefined, subject: `upstream ${target}`, message: error.message });
        } else {
          const known = before?.get(target);
          if (known === undefined) unreachable.push(transport);
          else files.set(target, known);
        }
      }
    }),
  );
  if (problems.length > 0) throw new SchemaError(problems);
  return { files, unreachable };
}

/** True when all targets have told the same, in whatever order. */
export function isSameReflected(left: ReflectedFiles, right: ReflectedFiles): boolean {
  const digest = (files: readonly Uint8Array[] = []): string =>
    files
      .map((bytes) => createHash('sha256').update(bytes).digest('hex'))
      .sort()
      .join();
  return left.size === right.size && [...left].every(([target, files]) => digest(files) === digest(right.get(target)));
}

function isTemporary({ code }: StatusError): boolean {
  return code === GrpcCode.UNAVAILABLE || code === GrpcCode.DEADLINE_EXCEEDED;
}
