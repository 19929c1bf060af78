/** `tandem check`: everything wrong (exit 3), everything odd (exit 4 under `--strict`), and the options in effect. */
import type { Gateway } from '../gateway/gateway.ts';
import { formatProblem, type Problem, SchemaError } from '../schema/problem.ts';
import { ownPathsOf } from '../server/own-paths.ts';
import type { HeldRules } from '../validation/held-rules.ts';
import { bold, ExitCode, print, printError, printJson } from './command.ts';
import { type EffectiveOption, effectiveOptions } from './effective-options.ts';
import type { Arguments } from './flags.ts';
import { withGateway } from './open-gateway.ts';

interface Report {
  /** Nothing can be served while there is one. */
  readonly problems: readonly Problem[];
  readonly findings: readonly Problem[];
  readonly options: readonly EffectiveOption[];
  /** What requests are held to, where they are. */
  readonly validated: readonly HeldRules[];
  readonly bindings: number;
}

export async function run(args: Arguments): Promise<ExitCode> {
  const report = await withGateway(args, reportOf).catch((error) => {
    if (!(error instanceof SchemaError)) throw error;
    return { problems: error.problems, findings: [], options: [], validated: [], bindings: 0 };
  });
  if (args.flags.has('json')) printJson(report);
  else printReport(report);
  if (report.problems.length > 0) return ExitCode.invalid;
  return args.flags.has('strict') && report.findings.length > 0 ? ExitCode.findings : ExitCode.done;
}

async function reportOf({ generation }: Gateway): Promise<Report> {
  const { table, options, findings } = generation;
  return {
    problems: [],
    findings: [
      ...findings,
      ...unservedServices(generation),
      ...shadowedPaths(generation),
      ...openMethods(generation),
      ...unaskedCertificates(generation),
      ...separateCounts(generation),
    ],
    options: effectiveOptions(options),
    validated: await validatedBy(generation),
    bindings: table.bindings.length,
  };
}

async function validatedBy({ validators, methods, options }: Gateway['generation']): Promise<readonly HeldRules[]> {
  if (validators === undefined) return [];
  const { heldRules } = await import('../validation/held-rules.ts');
  return heldRules(methods.values(), options.validation);
}

/** Services that have rules, but no upstream: every call would be answered 503. */
function unservedServices({ options, table }: Gateway['generation']): readonly Problem[] {
  const upstreams = [...options.upstreams, ...options.restUpstreams];
  // Protos by themselves are checked without any.
  if (upstreams.length === 0 || upstreams.some(({ services }) => services.length === 0)) return [];
  const served = new Set(upstreams.flatMap(({ services }) => services));
  const services = new Set(table.bindings.map(({ method }) => method.service));
  return [...services]
    .filter(({ fullName }) => !served.has(fullName))
    .map(({ fullName, position }) => ({
      position,
      subject: fullName,
      message: `no upstream serves it; give --upstream ${fullName}=host:port`,
    }));
}

/** Methods that anybody may call though no rule opens them by name: one that was added later may not be meant. */
function openMethods({ security, table }: Gateway['generation']): readonly Problem[] {
  const methods = new Set(table.bindings.map(({ method }) => method));
  return [...methods]
    .filter((method) => security?.wantsOf(method).isOpen === 'by wildcard')
    .map(({ fullName, position }) => {
      const message = 'anybody may call it, by a rule for more than it; name it under methods where that is meant';
      return { position, subject: fullName, message };
    });
}

/** `tandem serve` has no other source of certificates; an app with the plugin may. */
function unaskedCertificates({ options: { security, listen } }: Gateway['generation']): readonly Problem[] {
  if (security.mtls === undefined || listen.tls?.clientCa !== undefined) return [];
  return [
    {
      position: undefined,
      subject: 'security.mtls',
      message: 'no client is asked for a certificate; set listen.tls.clientCa',
    },
  ];
}

/** A caller would have the limit once for each worker. */
function separateCounts({ options: { limits, listen } }: Gateway['generation']): readonly Problem[] {
  if (listen.workers === 1 || limits.calls.length === 0 || limits.store !== undefined) return [];
  const message = `each of the ${listen.workers} workers counts for itself; set limits.store, or divide the numbers`;
  return [{ position: undefined, subject: 'limits.calls', message }];
}

function shadowedPaths(generation: Gateway['generation']): readonly Problem[] {
  return ownPathsOf(generation).flatMap(({ name, path, shadowedBy }) => {
    if (shadowedBy === undefined) return [];
    const message = `${path} is hidden by the rule of ${shadowedBy}; set another path, a docs.prefix, or false`;
    return [{ position: undefined, subject: `docs.paths.${name}`, message }];
  });
}

function printReport({ problems, findings, options, validated, bindings }: Report): void {
  for (const problem of problems) print(formatProblem(problem));
  for (const finding of findings) print(`finding: ${formatProblem(finding)}`);
  if (problems.length > 0) {
    printError(`${counted(problems.length, 'problem')}: nothing can be served`);
    return;
  }
  const width = Math.max(...options.map(({ key }) => key.length));
  print(bold('Options in effect (* not the default)'));
  for (const { key, value, isDefault } of options) print(`${isDefault ? ' ' : '*'} ${key.padEnd(width)}  ${value}`);
  if (validated.length > 0) print(bold('Validated requests'));
  for (const { method, required, formats, protovalidate } of validated) {
    print(method);
    printList('required', required);
    printList(
      'formats',
      formats.map(({ field, format }) => `${field} ${format}`),
    );
    printList(
      'protovalidate',
      protovalidate.map(({ subject, rules }) => `${subject} ${rules.join(' ')}`),
    );
  }
  printError(`${counted(bindings, 'binding')}, ${counted(findings.length, 'finding')}`);
}

function printList(name: string, entries: readonly string[]): void {
  for (const [index, entry] of entries.entries()) print(`  ${(index === 0 ? name : '').padEnd(13)}  ${entry}`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
