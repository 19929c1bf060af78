/** `tandem compare METHOD`: one RPC over every protocol, its answers compared, its calls measured; a gate for CI. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createCodec } from '../codec/create-codec.ts';
import { type Comparison, compareOnce } from '../compare/compare-once.ts';
import { compareSchemas, type Version } from '../compare/compare-schemas.ts';
import { findMethod, isRepeatable, ruleOf } from '../compare/find-method.ts';
import { type Measurement, measure } from '../compare/measure.ts';
import { type Framing, framings, messagesOf, prepareCalls, type Subject } from '../compare/prepare-calls.ts';
import { type Protocol, protocols } from '../compare/prepared-call.ts';
import { comparisonText, measurementText } from '../compare/text-report.ts';
import { directTargetOf } from '../gateway/direct-target.ts';
import type { TandemOptions } from '../gateway/options.ts';
import { type RunningServer, startServer } from '../server/start-server.ts';
import { StatusError } from '../status/status-error.ts';
import { CommandFailure, ExitCode, print, printError, printJson } from './command.ts';
import { type Against, againstOf, optionsAgainst } from './compare-against.ts';
import { budgetsOf, type Finding, findingsOf } from './compare-gate.ts';
import type { JoinedConfig } from './config-layers.ts';
import { type Arguments, UsageError } from './flags.ts';
import { locating, servedConfiguration } from './open-gateway.ts';

/** One RPC to compare. */
interface Case {
  readonly method: string;
  /** A message, or a list of them. */
  readonly data: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came of one. */
interface Compared {
  readonly method: string;
  readonly comparison: Comparison;
  readonly measurement: Measurement | undefined;
}

interface CaseReport extends Compared {
  readonly findings: readonly Finding[];
}

export async function run(args: Arguments): Promise<ExitCode> {
  const against = againstOf(args);
  const cases = casesOf(args);
  const wanted = choices(args);
  const runs = numberOf(args, 'runs', 0);
  const concurrency = numberOf(args, 'concurrency', 1);
  const framing = framingOf(args);
  const budgets = budgetsOf(args);
  const choice = { wanted, against, framing, runs, concurrency };
  const demo = args.flags.has('demo') ? await (await import('./demo.ts')).openDemo() : undefined;
  try {
    const config = await servedConfiguration(args, demo && [demo.layer]);
    const compared = await compareAll(cases, config, { ...choice, isOwnProcess: demo === undefined });
    const reports = compared.map((one) => ({
      ...one,
      findings: findingsOf(one.comparison, one.measurement, budgets),
    }));
    await write(args, reports);
    return reports.some(({ findings }) => findings.length > 0) ? ExitCode.failed : ExitCode.done;
  } finally {
    await demo?.close();
  }
}

/** One after the other, through a gateway that stands for as long as that takes; beside it that of the other schema. */
async function compareAll(
  cases: readonly Case[],
  { input, context }: JoinedConfig,
  choice: Choice,
): Promise<readonly Compared[]> {
  const options = { ...(input as TandemOptions), listen: { host: '127.0.0.1', port: 0 } };
  const start = (given: TandemOptions): Promise<RunningServer> => locating(context, () => startServer(given, context));
  const server = await start(options);
  let other: RunningServer | undefined;
  try {
    other = choice.against.schema && (await start(optionsAgainst(options, choice.against)));
    const comparing = new Comparing(server, other, choice);
    const compared: Compared[] = [];
    for (const one of cases) compared.push({ method: one.method, ...(await comparing.compare(one).catch(refuse)) });
    return compared;
  } finally {
    await other?.close();
    await server.close();
  }
}

/** A wrong field of the data, a method that is not there. */
function refuse(error: unknown): never {
  throw error instanceof StatusError ? new CommandFailure(error.message) : error;
}

interface Choice {
  readonly wanted: readonly Protocol[];
  readonly against: Against;
  readonly framing: Framing;
  readonly runs: number;
  readonly concurrency: number;
  /** Nothing but the gateway runs in this process. */
  readonly isOwnProcess: boolean;
}

/** Of many calls that change something only the first counts; they are not measured. */
class Comparing {
  readonly #server: RunningServer;
  readonly #other: RunningServer | undefined;
  readonly #choice: Choice;

  constructor(server: RunningServer, other: RunningServer | undefined, choice: Choice) {
    this.#server = server;
    this.#other = other;
    this.#choice = choice;
  }

  async compare({ method: name, data, headers }: Case): Promise<Pick<Compared, 'comparison' | 'measurement'>> {
    const { generation, options } = this.#server.gateway;
    const method = findMethod(generation.schema, name);
    const codec = createCodec(generation.schema, { unknownAny: 'base64' });
    const binding = ruleOf(generation.table.bindings, method);
    const { framing, wanted, against, runs, concurrency } = this.#choice;
    const subject: Subject = {
      method,
      binding,
      messages: messagesOf(method, data),
      headers: Object.entries(headers),
      framing,
    };
    if (this.#other !== undefined) {
      const versions = [versionOf(this.#server), versionOf(this.#other)] as const;
      return { comparison: await compareSchemas(subject, codec, versions), measurement: undefined };
    }
    const upstream = directTargetOf(options, method.service.fullName);
    const all = prepareCalls(subject, codec, {
      origin: this.#server.url,
      upstream,
      against: against.target === undefined ? undefined : { target: against.target },
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

function versionOf({ url, gateway }: RunningServer): Version {
  return { origin: url, schema: gateway.generation.schema };
}

function casesOf({ flags, positionals }: Arguments): readonly Case[] {
  const [method] = positionals;
  const file = (flags.get('calls') ?? flags.get('replay')) as string | undefined;
  const headers = Object.fromEntries(((flags.get('header') as readonly string[] | undefined) ?? []).map(headerOf));
  if ((method === undefined) === (file === undefined)) throw new UsageError('give either METHOD or --calls FILE');
  if (method !== undefined) return [{ method, data: dataOf(String(flags.get('data') ?? '{}')), headers }];
  const list = callsIn(textOf(file as string), file as string);
  return list.map((one, index) => {
    const { method: name, data = {}, headers: own = {} } = Object(one) as Partial<Case>;
    if (typeof name !== 'string') throw new UsageError(`${file}: call ${index} has no "method"`);
    return { method: name, data, headers: { ...headers, ...own } };
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file}: cannot be read: ${(error as Error).message}`);
  }
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

/** JSON, or one message a line where they are a stream. */
function dataOf(text: string): unknown {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const isLines = lines.length > 1 && lines.every((line) => /^\s*\{.*\}\s*$/.test(line));
  return isLines ? lines.map((line, index) => jsonOf(line, `--data, line ${index + 1}`)) : jsonOf(text, '--data');
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
