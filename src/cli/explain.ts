/** `tandem explain METHOD URL`: which rule a request meets, what is captured, which message it becomes. Nothing is called. */
import { createCodec } from '../codec/create-codec.ts';
import { pathOf } from '../gateway/answer.ts';
import type { Generation } from '../gateway/generation.ts';
import type { Binding } from '../routing/binding.ts';
import { type Explanation, explainMatch } from '../routing/explain.ts';
import { StatusError } from '../status/status-error.ts';
import type { HttpRequest } from '../transcode/exchange.ts';
import { bold, ExitCode, print, printJson } from './command.ts';
import { type Arguments, UsageError } from './flags.ts';
import { withGateway } from './open-gateway.ts';
import { type RouteRow, routeRow } from './route-row.ts';

interface Report {
  readonly request: string;
  readonly outcome: Explanation['outcome']['kind'];
  readonly reason: string;
  readonly rule?: RouteRow;
  readonly captures?: Readonly<Record<string, string>>;
  /** Why the caller may call, or may not; absent where nobody is asked. */
  readonly access?: string;
  /** The request message as JSON. */
  readonly message?: unknown;
  /** Why there is no message. */
  readonly error?: { readonly status: number; readonly code: string; readonly message: string };
  readonly allow?: readonly string[];
  readonly nearMisses: readonly (Pick<RouteRow, 'method' | 'path' | 'rpc'> & { readonly reason: string })[];
}

export async function run(args: Arguments): Promise<ExitCode> {
  const [method = '', url = ''] = args.positionals;
  const data = args.flags.get('data') as string | undefined;
  const request: HttpRequest = {
    method: method.toUpperCase(),
    target: url,
    headers: { ...(data !== undefined && { 'content-type': 'application/json' }), ...headersOf(args) },
    body: new TextEncoder().encode(data ?? ''),
  };
  const report = await withGateway(args, async ({ generation }) => ({
    ...reportOf(generation, request),
    ...(await accessOf(generation, request)),
  }));
  if (args.flags.has('json')) printJson(report);
  else print(reportText(report));
  return report.message === undefined || report.error !== undefined ? ExitCode.failed : ExitCode.done;
}

function headersOf({ flags }: Arguments): Readonly<Record<string, string>> {
  const pairs = (flags.get('header') as readonly string[] | undefined) ?? [];
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value = ''] = /^([^\s:]+):\s*(.*)$/.exec(pair) ?? [];
      if (name === undefined) throw new UsageError(`--header: "${pair}" is not NAME: VALUE`);
      return [name.toLowerCase(), value];
    }),
  );
}

/** Whether the caller is let in, as the method that the request meets decides; credentials are verified, the upstream is not called. */
async function accessOf(
  { security, table }: Generation,
  { method, target, headers }: HttpRequest,
): Promise<Pick<Report, 'access' | 'error'>> {
  const { outcome } = explainMatch(table, method, pathOf(target));
  if (security === undefined || outcome.kind !== 'matched') return {};
  const caller = { request: { target, headers }, client: undefined };
  const { identity, reason, error } = await security.decide(outcome.binding.method, caller);
  const who = identity === undefined ? 'anonymous' : `${identity.subject} (${identity.scheme})`;
  return { access: `${who}: ${reason}`, ...(error && { error: errorOf(error) }) };
}

function reportOf(generation: Generation, request: HttpRequest): Report {
  const { outcome, reason, nearMisses } = explainMatch(generation.table, request.method, pathOf(request.target));
  const common = {
    request: `${request.method} ${request.target}`,
    outcome: outcome.kind,
    reason,
    nearMisses: nearMisses.map((miss) => {
      const { method, path, rpc } = routeRow(miss.binding);
      return { method, path, rpc, reason: miss.reason };
    }),
  };
  switch (outcome.kind) {
    case 'matched': {
      const { binding, captures } = outcome;
      const named = binding.variables.map(({ text }, index) => [text, captures[index] ?? '']);
      const message = messageOf(generation, binding, request, captures);
      return { ...common, rule: routeRow(binding), captures: Object.fromEntries(named), ...message };
    }
    case 'invalid':
      return { ...common, error: errorOf(outcome.error) };
    case 'wrongMethod':
    case 'options':
      return { ...common, allow: outcome.allow };
    case 'unmatched':
      return common;
  }
}

function messageOf(
  { transcoder, schema, validators }: Generation,
  binding: Binding,
  request: HttpRequest,
  captures: readonly string[],
): Pick<Report, 'message' | 'error'> {
  try {
    const write = createCodec(schema).messageWriter(binding.method.input);
    const jsonOf = (message: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(write(message)));
    const { request: binder } = transcoder.of(binding);
    const validate = validators?.get(binding.method.path);
    const explained = (messages: readonly Uint8Array[], message: unknown): Pick<Report, 'message' | 'error'> => {
      const error =
        validate && messages.map((each) => refusalOf(() => validate(each))).find((each) => each !== undefined);
      return { message, ...(error && { error: errorOf(error) }) };
    };
    if (binder.kind === 'one') {
      const { message } = binder.bind(request, captures);
      return explained([message], jsonOf(message));
    }
    const stream = binder.bind(request, captures);
    const messages = [...stream.push(request.body), ...stream.end()];
    return explained(messages, messages.map(jsonOf));
  } catch (error) {
    if (error instanceof StatusError) return { error: errorOf(error) };
    throw error;
  }
}

function refusalOf(check: () => void): StatusError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return StatusError.from(error);
  }
}

function errorOf({ httpStatus, codeName, message }: StatusError): NonNullable<Report['error']> {
  return { status: httpStatus, code: codeName, message };
}

function reportText({ request, reason, rule, captures, access, message, error, allow, nearMisses }: Report): string {
  const lines: string[] = [bold(request)];
  const add = (title: string, text: string): void => {
    lines.push(`${title.padEnd(10)}${text.replaceAll('\n', `\n${' '.repeat(10)}`)}`);
  };
  if (rule !== undefined) {
    add('rule', `${rule.method} ${rule.path}`);
    add('rpc', `${rule.rpc} (${rule.source})`);
  }
  add('because', reason);
  if (captures !== undefined) {
    for (const [name, value] of Object.entries(captures)) add('capture', `${name} = ${JSON.stringify(value)}`);
  }
  if (access !== undefined) add('caller', access);
  if (message !== undefined) add('message', JSON.stringify(message, undefined, 2));
  if (error !== undefined) add('refused', `${error.status} ${error.code}: ${error.message}`);
  if (allow !== undefined) add('allowed', allow.join(', '));
  for (const miss of nearMisses) add('not', `${miss.method} ${miss.path} (${miss.rpc}): ${miss.reason}`);
  return lines.join('\n');
}
