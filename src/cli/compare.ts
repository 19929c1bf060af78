/** `tandem compare METHOD`: one RPC over every protocol, its answers compared, its calls measured; a gate for CI. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createCodec } from '../codec/create-codec.ts';
import { type Comparison, compareOnce } from '../compare/compare-once.ts';
import { findMethod, isRepeatable, ruleOf } from '../compare/find-method.ts';
import { type Measurement, measure } from '../compare/measure.ts';
import { type Framing, framings, prepareCalls, type Subject } from '../compare/prepare-calls.ts';
import { type Protocol, protocols } from '../compare/prepared-call.ts';
import { comparisonText, measurementText } from '../compare/text-report.ts';
import { directTargetOf } from '../gateway/direct-target.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { TandemOptions } from '../gateway/options.ts';
import { startServer } from '../server/start-server.ts';
import { StatusError } from '../status/status-error.ts';
import type { MessageJson } from '../transcode/outgoing-request.ts';
import { CommandFailure, ExitCode, print, printError, printJson } from './command.ts';
import { budgetsOf, type Finding, findingsOf } from './compare-gate.ts';
import { type Arguments, UsageError } from './flags.ts';
import { locating, servedConfiguration } from './open-gateway.ts';

/** One RPC to compare. */
interface Case {
  readonly method: string;
  readonly data: MessageJson;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came of one. */
export interface CaseReport {
  readonly method: string;
  readonly comparison: Comparison;
  readonly measurement: Measurement | undefined;
  readonly findings: readonly Finding[];
}

export async function run(args: Arguments): Promise<ExitCode> {
  const cases = casesOf(args);
  const wanted = choices(args);
  const runs = numberOf(args, 'runs', 0);
  const concurrency = numberOf(args, 'concurrency', 1);
  const framing = framingOf(args);
  const against = args.flags.get('against') as string | undefined;
  const budgets = budgetsOf(args);
  const demo = args.flags.has('demo') ? await (await import('./demo.ts')).openDemo() : undefined;
  try {
    const { input, context } = await servedConfiguration(args, demo && [demo.layer]);
    const options = { ...(input as TandemOptions), listen: { host: '127.0.0.1', port: 0 } };
    const server = await locating(context, () => startServer(options, context));
    const reports: CaseReport[] = [];
    try {
      const comparing = new Comparing(server.gateway, server.url, {
        wanted,
        against,
        framing,
        isOwnProcess: demo === undefined,
      });
      for (const one of cases) {
        const { comparison, measurement } = await comparing.compare(one, { runs, concurrency }).catch(refuse);
        reports.push({
          method: one.method,
          comparison,
          measurement,
          findings: findingsOf(comparison, measurement, budgets),
        });
      }
    } finally {
      await server.close();
    }
    await write(args, reports);
    return reports.some(({ findings }) => findings.length > 0) ? ExitCode.failed : ExitCode.done;
  } finally {
    await demo?.close();
  }
}

/** A wrong field of the data, a method that is not there. */
function refuse(error: unknown): never {
  throw error instanceof StatusError ? new CommandFailure(error.message) : error;
}

interface Choice {
  readonly wanted: readonly Protocol[];
  /** Another upstream, as `--upstream` takes it. */
  readonly against: string | undefined;
  readonly framing: Framing;
  /** Nothing but the gateway runs in this process. */
  readonly isOwnProcess: boolean;
}

/** Of many calls that change something only the first counts; they are not measured. */
class Comparing {
  readonly #gateway: Gateway;
  readonly #origin: string;
  readonly #choice: Choice;

  constructor(gateway: Gateway, origin: string, choice: Choice) {
    this.#gateway = gateway;
    this.#origin = origin;
    this.#choice = choice;
  }

  async compare(
    { method: name, data, headers }: Case,
    { runs, concurrency }: { readonly runs: number; readonly concurrency: number },
  ): Promise<Pick<CaseReport, 'comparison' | 'measurement'>> {
    const { generation, options } = this.#gateway;
    const method = findMethod(generation.schema, name);
    if (method.isClientStreaming) {
      throw new CommandFailure(`${method.fullName} takes a stream of requests; compare takes methods with one`);
    }
    const codec = createCodec(generation.schema, { unknownAny: 'base64' });
    const binding = ruleOf(generation.table.bindings, method);
    const { framing, wanted, against } = this.#choice;
    const subject: Subject = { method, binding, message: data, headers: Object.entries(headers), framing };
    const upstream = directTargetOf(options, method.service.fullName);
    const all = prepareCalls(subject, codec, {
      origin: this.#origin,
      upstream,
      against: against === undefined ? undefined : { target: against },
    });
    const calls = wanted.flatMap((protocol) => all.get(protocol) ?? []);
    const repeatable = isRepeatable(method, binding);
    const comparison = await compareOnce(calls, { method, binding, codec }, { isOnce: !repeatable });
    if (runs === 0) return { comparison, measurement: undefined };
    if (!repeatable) throw new CommandFailure(`${method.fullName} changes something: it is not called ${runs} times`);
    const warmUp = Math.min(runs, 100);
    return {
      comparison,
      measurement: await measure({ calls, runs, concurrency, warmUp, isOwnGateway: this.#choice.isOwnProcess }),
    };
  }
}

function casesOf({ flags, positionals }: Arguments): readonly Case[] {
  const [method] = positionals;
  const file = flags.get('calls') as string | undefined;
  const headers = Object.fromEntries(((flags.get('header') as readonly string[] | undefined) ?? []).map(headerOf));
  if ((method === undefined) === (file === undefined)) throw new UsageError('give either METHOD or --calls FILE');
  if (method !== undefined)
    return [{ method, data: jsonOf(flags.get('data') ?? '{}', '--data') as MessageJson, headers }];
  const list = callsIn(readFileSync(file as string, 'utf8'), file as string);
  return list.map((one, index) => {
    const { method: name, data = {}, headers: own = {} } = Object(one) as Partial<Case>;
    if (typeof name !== 'string') throw new UsageError(`${file}: call ${index} has no "method"`);
    return { method: name, data, headers: { ...headers, ...own } };
  });
}

/** A list, or one call a line as `tandem serve --record` writes them. */
function callsIn(text: string, file: string): readonly unknown[] {
  if (!text.trimStart().startsWith('[')) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    return lines.map((line, index) => jsonOf(line, `${file}:${index + 1}`));
  }
  const list = jsonOf(text, file);
  if (!Array.isArray(list)) throw new UsageError(`${file}: expected a list of {"method": …, "data": {…}}`);
  return list;
}

function jsonOf(text: unknown, where: string): unknown {
  try {
    return JSON.parse(String(text));
  } catch (error) {
    throw new UsageError(`${where}: ${(error as Error).message}`);
  }
}

function headerOf(pair: string): readonly [string, string] {
  const [, name, value = ''] = /^([^\s:]+):\s*(.*)$/.exec(pair) ?? [];
  if (name === undefined) throw new UsageError(`--header: "${pair}" is not NAME: VALUE`);
  return [name.toLowerCase(), value];
}

function choices({ flags }: Arguments): readonly Protocol[] {
  const given = flags.get('over') as string | undefined;
  if (flags.has('against')) return ['grpc-direct', 'grpc-against'];
  if (given === undefined) return protocols;
  return given.split(',').map((name) => {
    const protocol = protocols.find((one) => one === name.trim());
    if (protocol === undefined) throw new UsageError(`--over: ${name} is none of ${protocols.join(', ')}`);
    return protocol;
  });
}

function framingOf({ flags }: Arguments): Framing {
  const given = flags.get('framing') ?? 'array';
  const framing = (Object.keys(framings) as Framing[]).find((name) => name === given);
  if (framing === undefined)
    throw new UsageError(`--framing: expected ${Object.keys(framings).join(', ')}; got ${given}`);
  return framing;
}

function numberOf({ flags }: Arguments, name: string, byDefault: number): number {
  const given = flags.get(name);
  if (given === undefined) return byDefault;
  if (!/^[1-9]\d{0,6}$/.test(String(given)))
    throw new UsageError(`--${name}: expected a whole number from 1; got ${given}`);
  return Number(given);
}

async function write({ flags }: Arguments, reports: readonly CaseReport[]): Promise<void> {
  const html = flags.get('html') as string | undefined;
  const junit = flags.get('junit') as string | undefined;
  if (html !== undefined) writeFileSync(html, (await import('../compare/html-report.ts')).htmlReport(reports));
  if (junit !== undefined) writeFileSync(junit, (await import('../compare/junit-report.ts')).junitReport(reports));
  if (flags.has('json')) printJson((await import('../compare/json-report.ts')).jsonReport(reports));
  else print(reports.map(reportText).join('\n\n'));
  for (const { method, findings } of reports) for (const { text } of findings) printError(`${method}: ${text}`);
}

function reportText({ method, comparison, measurement }: CaseReport): string {
  const parts = [method, comparisonText(comparison)];
  return [...parts, ...(measurement === undefined ? [] : ['', measurementText(measurement)])].join('\n');
}
