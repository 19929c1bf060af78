/**
 * Descriptors from the upstreams' own server reflection.
 */

import { type Problem, SchemaError } from '../schema/problem.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import { reflectDescriptors } from '../upstream/reflection.ts';
import type { Transport } from '../upstream/transport.ts';

export interface Reflected {
  /** Serialized FileDescriptorProtos, imports included. */
  readonly files: readonly Uint8Array[];
  /** Upstreams that could not be asked: not reachable, or too slow. */
  readonly unreachable: readonly Transport[];
}

/** Asks all of them. Rejects with SchemaError when one answers but has no reflection service. */
export async function reflectAll(transports: readonly Transport[], timeoutMs: number): Promise<Reflected> {
  const files: Uint8Array[] = [];
  const unreachable: Transport[] = [];
  const problems: Problem[] = [];
  await Promise.all(
    transports.map(async (transport) => {
      try {
        const reflected = await reflectDescriptors(transport, { deadlineMs: timeoutMs });
        files.push(...reflected.files);
      } catch (error) {
        if (error instanceof SchemaError) problems.push(...error.problems);
        else if (!(error instanceof StatusError)) throw error;
        else if (isTemporary(error)) unreachable.push(transport);
        else problems.push({ position: undefined, subject: `upstream ${transport.target}`, message: error.message });
      }
    }),
  );
  if (problems.length > 0) throw new SchemaError(problems);
  return { files, unreachable };
}

function isTemporary({ code }: StatusError): boolean {
  return code === GrpcCode.UNAVAILABLE || code === GrpcCode.DEADLINE_EXCEEDED;
}
