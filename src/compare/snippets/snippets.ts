import { csharpCode } from './csharp.ts';
import { grpcGo, netHttp } from './go.ts';
import { javaCode } from './java.ts';
import { connectWeb, fetchCode, grpcJs } from './javascript.ts';
import { grpcio, requestsCode } from './python.ts';
import { curl, grpcurl } from './shell.ts';
import type { Snippet, SnippetCall } from './snippet.ts';

const writers: readonly ((call: SnippetCall) => Snippet | undefined)[] = [
  curl, grpcurl, fetchCode, grpcJs, connectWeb, requestsCode, grpcio, netHttp, grpcGo, javaCode, csharpCode,
]; // biome-ignore format: a table

/** The same call in each language; by REST only where the method has a rule. */
export function snippetsOf(call: SnippetCall): readonly Snippet[] {
  return writers.flatMap((write) => write(call) ?? []);
}
