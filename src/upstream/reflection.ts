/**
 * Client of gRPC server reflection: the descriptors of an upstream's services, as the bytes it sends. They are kept as
 * bytes because custom options, the HTTP rules among them, would not survive a model that does not know them.
 * https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 */
import { SchemaError } from '../schema/problem.ts';
import { GrpcCode } from '../status/code.ts';
import { StatusError } from '../status/status-error.ts';
import {
  descriptorFileOf,
  type ReflectionReply,
  type ReflectionRequest,
  readReply,
  writeRequest,
} from './reflection-messages.ts';
import { settleLater } from './reply-queue.ts';
import type { Transport } from './transport.ts';

export interface ReflectionOptions {
  /** Full names of the services that are wanted; all but reflection itself when left out. */
  readonly services?: readonly string[];
  /** Time for the whole of it; 10 s. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface ReflectedDescriptors {
  /** Serialized google.protobuf.FileDescriptorProtos, each file once, imports before the files that import them. */
  readonly files: readonly Uint8Array[];
  readonly services: readonly string[];
  /** Names of imported files that the upstream does not serve. */
  readonly missing: readonly string[];
  readonly version: 'v1' | 'v1alpha';
}

/**
 * Asks the upstream for its services and for all files that they need. Throws a SchemaError when it has no reflection or
 * not that service, and the call's StatusError when it cannot be reached.
 */
export async function reflectDescriptors(
  transport: Transport,
  options: ReflectionOptions = {},
): Promise<ReflectedDescriptors> {
  const deadline = performance.now() + (options.deadlineMs ?? 10_000);
  for (const version of ['v1', 'v1alpha'] as const) {
    const conversation = converse(transport, version, deadline, options.signal);
    try {
      return { ...(await reflect(conversation.ask, transport.target, options.services)), version };
    } catch (error) {
      // Older servers know only v1alpha.
      if (!(error instanceof StatusError && error.code === GrpcCode.UNIMPLEMENTED)) throw error;
    } finally {
      await conversation.end();
    }
  }
  const message =
    'it has no server reflection: enable it there, or give --proto or --descriptor-set instead of --reflect';
  throw problemOf(transport.target, message);
}

type Ask = (kind: ReflectionRequest['kind'], name: string) => Promise<ReflectionReply>;

async function reflect(
  ask: Ask,
  target: string,
  wanted: readonly string[] | undefined,
): Promise<Omit<ReflectedDescriptors, 'version'>> {
  const listed = (await ask('listServices', '*')).services.filter((name) => !name.startsWith('grpc.reflection.'));
  const services = wanted ?? listed;
  const files = new Map<string, { readonly bytes: Uint8Array; readonly imports: readonly string[] }>();
  const missing = new Set<string>();
  const queue: string[] = [];
  const add = (reply: ReflectionReply): void => {
    for (const bytes of reply.files) {
      const { name, imports } = descriptorFileOf(bytes);
      if (!files.has(name)) queue.push(...imports);
      files.set(name, { bytes, imports });
    }
  };
  for (const service of services) {
    const reply = await ask('fileContainingSymbol', service);
    if (reply.error !== undefined) {
      throw problemOf(target, `it does not know the service ${service} (${reply.error}): it has ${listed.join(', ')}`);
    }
    add(reply);
  }
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (files.has(name) || missing.has(name)) continue;
    add(await ask('fileByName', name));
    if (!files.has(name)) missing.add(name);
  }
  return { files: importsFirst(files), services, missing: [...missing] };
}

function importsFirst(
  files: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly imports: readonly string[] }>,
): Uint8Array[] {
  const ordered = new Set<string>();
  // A file that is being visited is left out: an import cycle, which the schema's own checks tell.
  const visit = (name: string, above: ReadonlySet<string>): void => {
    const file = files.get(name);
    if (file === undefined || ordered.has(name) || above.has(name)) return;
    for (const other of file.imports) visit(other, new Set([...above, name]));
    ordered.add(name);
  };
  for (const name of files.keys()) visit(name, new Set());
  return [...ordered].flatMap((name) => files.get(name)?.bytes ?? []);
}

interface Conversation {
  readonly ask: Ask;
  end(): Promise<unknown>;
}

// One stream for all questions: each is answered before the next is asked.
function converse(
  transport: Transport,
  version: string,
  deadline: number,
  signal: AbortSignal | undefined,
): Conversation {
  let next = settleLater<Uint8Array | undefined>();
  async function* requests(): AsyncGenerator<Uint8Array> {
    for (let request = await next.promise; request !== undefined; request = await next.promise) {
      next = settleLater();
      yield request;
    }
  }
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const replies = transport.stream({ path, metadata: [], deadline, signal }, requests())[Symbol.asyncIterator]();
  return {
    async ask(kind, name) {
      next.resolve(writeRequest({ kind, name }));
      const { done, value } = await replies.next();
      if (done || value[0] === undefined)
        throw new StatusError(GrpcCode.INTERNAL, 'server reflection ended without an answer');
      return readReply(value[0]);
    },
    end() {
      next.resolve(undefined);
      return replies.return?.() ?? Promise.resolve();
    },
  };
}

function problemOf(target: string, message: string): SchemaError {
  return new SchemaError([{ position: undefined, subject: `upstream ${target}`, message }]);
}
