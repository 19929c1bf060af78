/** @module Code that makes the same call in other languages, ready to be copied. */
import type { MessageDescriptor, MethodDescriptor } from '../../schema/descriptors.ts';
import type { Metadata } from '../../transcode/exchange.ts';
import type { MessageJson, OutgoingRequest } from '../../transcode/outgoing-request.ts';

export interface Snippet {
  /** `grpc-js`; the same for each call. */
  readonly id: string;
  readonly title: string;
  /** What it needs besides: packages, generated code. */
  readonly needs: string;
  readonly code: string;
}

/** The call that code is written for. */
export interface SnippetCall {
  /** `http://127.0.0.1:8080` */
  readonly origin: string;
  readonly method: MethodDescriptor;
  /** In the codec's own spelling; one, where the method takes no stream of them. */
  readonly messages: readonly MessageJson[];
  readonly headers: Metadata;
  /** By the method's rule; undefined without one. */
  readonly rest: OutgoingRequest | undefined;
}

/** A text as most languages write one: what JSON escapes, they read alike. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** The messages, each as a text of JSON inside of code. */
export function jsonLiterals({ messages }: SnippetCall): readonly string[] {
  return messages.map((message) => quoted(JSON.stringify(message)));
}

/** The one message of a method that takes no stream of them. */
export function jsonLiteral(call: SnippetCall): string {
  return jsonLiterals(call)[0] ?? quoted('{}');
}

/** `127.0.0.1:8080` */
export function hostOf({ origin }: SnippetCall): string {
  return origin.replace(/^https?:\/\//, '');
}

export function isTls({ origin }: SnippetCall): boolean {
  return origin.startsWith('https:');
}

/** What a client of REST sends besides its body. */
export function restHeaders({ rest, headers, method }: SnippetCall): Metadata {
  const type = rest?.contentType === undefined ? [] : [['content-type', rest.contentType] as const];
  const accept = method.isServerStreaming ? [['accept', 'application/x-ndjson'] as const] : [];
  return [...accept, ...type, ...headers];
}

/** `GetBook` → `getBook` */
export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** The names of a message and of those around it, the outermost first. */
export function nestedNames({ fullName, file }: MessageDescriptor): readonly string[] {
  return (file.package === '' ? fullName : fullName.slice(file.package.length + 1)).split('.');
}

/** `example/library.proto` → `example/library` */
export function stemOf(fileName: string): string {
  return fileName.replace(/\.proto$/, '');
}
