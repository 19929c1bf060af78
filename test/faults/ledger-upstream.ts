/**
 * A server of test.ledger.Ledger that writes down what it does, in this process or, to be killed and halted, in one of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { lengthDelimited, lengthDelimitedFields } from '../../src/wire/fragment.ts';
import { grpcHeaders } from '../upstreams/faults.ts';
import {
  frame,
  messagesOf,
  type RawScript,
  type ReceivedCall,
  type ScriptedReply,
  type ScriptedUpstream,
  type ScriptedUpstreamOptions,
  startScriptedUpstream,
  statusTrailers,
} from '../upstreams/scripted-upstream.ts';
import type { Execution, Kind } from './ledger.ts';

export interface LedgerUpstreamOptions extends ScriptedUpstreamOptions {
  /** After so many calls it tells all its clients to go to another connection. */
  readonly goAwayEvery?: number;
  /** How long a call takes. */
  readonly delayMs?: number;
}

export const pathOf = (method: string): string => `/test.ledger.Ledger/${method}`;

/** How many copies a watched entry has: its text begins with it. */
export const copiesOf = (text: string): number => Number.parseInt(text, 10);

/** The hash that stands for these texts. */
export function hashOf(texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\n')).digest('base64url');
}

/** Starts one in this process. `record` hears of each call as soon as it is done, before it is answered. */
export async function startLedgerUpstream(
  record: (execution: Execution) => void,
  options: LedgerUpstreamOptions = {},
): Promise<ScriptedUpstream> {
  const { goAwayEvery = Number.POSITIVE_INFINITY, delayMs = 0 } = options;
  let calls = 0;
  const execute = async (kind: Kind, messages: readonly Uint8Array[]): Promise<readonly Entry[]> => {
    const entries = messages.map(readEntry);
    if (delayMs > 0) await sleep(delayMs);
    const hash = hashOf(entries.map(({ text }) => text));
    record({ kind, id: entries[0]?.id ?? '', hash, port: upstream.port });
    if (++calls % goAwayEvery === 0) for (const session of upstream.sessions) session.close();
    return entries;
  };
  const echo =
    (kind: Kind) =>
    async ({ messages }: ReceivedCall): Promise<ScriptedReply> => {
      await execute(kind, messages);
      return { messages };
    };
  const upload = async ({ messages }: ReceivedCall): Promise<ScriptedReply> => {
    const entries = await execute('upload', messages);
    const hash = hashOf(entries.map(({ text }) => text));
    return { messages: [writeEntry(entries[0]?.id ?? '', hash, entries.length)] };
  };
  const scripts = { Read: echo('read'), Write: echo('write'), Upload: upload, Watch: watchScript(execute) };
  const byPath = Object.fromEntries(Object.entries(scripts).map(([method, script]) => [pathOf(method), script]));
  const upstream = await startScriptedUpstream(byPath, options);
  return upstream;
}

/** Copies, with a moment between them, so that what happens to a connection happens to streams as well. */
function watchScript(execute: (kind: Kind, messages: readonly Uint8Array[]) => Promise<readonly Entry[]>): RawScript {
  const watch: RawScript['raw'] = async (stream) => {
    const messages: Uint8Array[] = [];
    for await (const message of messagesOf(stream)) messages.push(message);
    const [{ id, text } = { id: '', text: '' }] = await execute('watch', messages);
    if (stream.destroyed) return;
    stream.respond(grpcHeaders, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(statusTrailers({})));
    for (let copy = 0; copy < copiesOf(text) && !stream.destroyed; copy++) {
      stream.write(frame(writeEntry(id, text, copy)));
      await sleep(2);
    }
    stream.end();
  };
  return { raw: (stream, headers) => Promise.resolve(watch(stream, headers)).catch(() => {}) };
}

interface Entry {
  readonly id: string;
  readonly text: string;
}

function readEntry(message: Uint8Array): Entry {
  const fields = new Map(lengthDelimitedFields(message).map(([number, bytes]) => [number, Buffer.from(bytes)]));
  return { id: String(fields.get(1)), text: String(fields.get(2)) };
}

/** An Entry of the wire. */
export function writeEntry(id: string, text: string, number: number): Uint8Array {
  const strings = [lengthDelimited(1, Buffer.from(id)), lengthDelimited(2, Buffer.from(text))];
  return Buffer.concat([...strings, Buffer.of(0x18, (number & 0x7f) | 0x80, number >> 7)]);
}

export interface UpstreamProcess {
  readonly target: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it, and resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts one in a process of its own, which writes its executions to the file `book`. */
export async function startUpstreamProcess(book: string, port = 0): Promise<UpstreamProcess> {
  const program = fileURLToPath(new URL('./upstream-process.js', import.meta.url));
  const child: ChildProcess = spawn(process.execPath, [program, book, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  const bound = Number(String(line));
  const isGone = once(child, 'exit');
  return {
    target: `127.0.0.1:${bound}`,
    port: bound,
    pid: child.pid as number,
    kill: async () => {
      child.kill('SIGKILL');
      await isGone;
    },
  };
}

/** What processes have written to a book. */
export function readBook(book: string): readonly Execution[] {
  return readFileSync(book, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
