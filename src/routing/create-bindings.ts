/**
 * @module HttpRules joined to their methods: each becomes a Binding, or problems that say what to write instead.
 */
import { METHODS } from 'node:http';
import type { FieldDescriptor, MessageDescriptor, MethodDescriptor } from '../schema/descriptors.ts';
import type { HttpRule, MethodRules } from '../schema/http-rule.ts';
import type { Problem } from '../schema/problem.ts';
import { textMessages } from '../schema/text-messages.ts';
import type { Binding, BodySelector, PathVariable } from './binding.ts';
import { type PathTemplate, parsePathTemplate, TemplateError, type TemplateVariable } from './path-template.ts';

export interface BindingOptions {
  /** Methods that have no rule get `POST /package.Service/Method` with body `*`. */
  readonly autoMapping?: boolean;
  /**
   * Where segments may follow `**`: in rules of service configurations alone, which Google's own front end takes like that, or in
   * annotations too.
   */
  readonly deepWildcards?: 'last' | 'anywhere';
}

export interface BindingsResult {
  readonly bindings: readonly Binding[];
  readonly problems: readonly Problem[];
  /** What works, but hardly as meant: for `check`. */
  readonly findings: readonly Problem[];
}

/** A rule under validation; both take one line of text. */
interface Reports {
  problem(message: string): void;
  finding(message: string): void;
}

/**
 * Validates every rule against its method. A rule with a problem has no binding; the others are not held up by it.
 * `rules` lists the methods to serve, those without a rule too: autoMapping is about them.
 */
export function createBindings(rules: readonly MethodRules[], options: BindingOptions = {}): BindingsResult {
  const bindings: Binding[] = [];
  const problems: Problem[] = [];
  const findings: Problem[] = [];
  for (const { method, rules: written } of rules) {
    const own = written.length === 0 && options.autoMapping === true ? [automaticRule(method)] : written;
    own.forEach((rule, index) => {
      const place = { position: rule.position, subject: `${method.service.name}.${method.name}` };
      const before = problems.length;
      const allowsTail = rule.isConfigured === true || options.deepWildcards === 'anywhere';
      const binding = createBinding(
        method,
        rule,
        { index, allowsTail },
        {
          problem: (message) => problems.push({ ...place, message }),
          finding: (message) => findings.push({ ...place, message }),
        },
      );
      if (binding !== undefined && problems.length === before) bindings.push(binding);
    });
  }
  return { bindings, problems, findings };
}

function automaticRule({ path, position }: MethodDescriptor): HttpRule {
  return { httpMethod: 'POST', path, body: '*', responseBody: '', position };
}

/** Of one rule among those of its method. */
interface RulePlace {
  readonly index: number;
  readonly allowsTail: boolean;
}

function createBinding(
  method: MethodDescriptor,
  rule: HttpRule,
  { index, allowsTail }: RulePlace,
  reports: Reports,
): Binding | undefined {
  const httpMethod = rule.httpMethod.toUpperCase();
  const template = parseTemplate(rule.path, allowsTail, reports);
  const variables = (template?.variables ?? []).map((variable) => resolveVariable(method.input, variable, reports));
  const body = selectBody(method.input, rule.body, reports);
  const responseBody = topLevelField(method.output, 'response_body', rule.responseBody, reports);
  if (template === undefined) return undefined;
  const id = `${method.service.fullName}.${method.name}#${index}`;
  const common = {
    id,
    index,
    method,
    httpMethod,
    path: rule.path,
    template,
    body,
    responseBody,
    position: rule.position,
  };
  const binding: Binding = { ...common, variables: variables.filter((variable) => variable !== undefined) };
  reportOddities(binding, reports);
  return binding;
}

function parseTemplate(path: string, allowsTail: boolean, reports: Reports): PathTemplate | undefined {
  try {
    return parsePathTemplate(path, { allowsTail });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    reports.problem(`${error.message} (in ${JSON.stringify(path)})`);
    return undefined;
  }
}

function resolveVariable(
  input: MessageDescriptor,
  variable: TemplateVariable,
  reports: Reports,
): PathVariable | undefined {
  const { fieldPath, start, end, isMultiSegment } = variable;
  const fields: FieldDescriptor[] = [];
  let message: MessageDescriptor | undefined = input;
  let walked = '';
  for (const name of fieldPath.split('.')) {
    const refuse = (why: string) => void reports.problem(`path variable {${fieldPath}}: ${why}`);
    if (message === undefined) return refuse(`${walked} is no message and has no field "${name}"`);
    const field = message.fieldsByName.get(name);
    if (field === undefined) return refuse(describeMissing(message, name));
    if (field.isRepeated) {
      return refuse(
        `${name} is ${field.map ? 'a map' : 'repeated'}, which a path cannot hold; leave it to the query or the body`,
      );
    }
    fields.push(field);
    walked = name;
    message = field.type.kind === 'message' ? field.type.message : undefined;
  }
  if (message !== undefined && !textMessages.has(message.fullName)) {
    return void reports.problem(`path variable {${fieldPath}}: ${describeMessage(fieldPath, message)}`);
  }
  return { text: fieldPath, fields, start, end, isMultiSegment };
}

function selectBody(input: MessageDescriptor, body: string, reports: Reports): BodySelector {
  if (body === '*') return { kind: 'whole' };
  const field = topLevelField(input, 'body', body, reports);
  return field === undefined ? { kind: 'none' } : { kind: 'field', field };
}

/** The field that `body` or `response_body` names; undefined for "", and after a problem. */
function topLevelField(
  message: MessageDescriptor,
  option: 'body' | 'response_body',
  name: string,
  reports: Reports,
): FieldDescriptor | undefined {
  const field = message.fieldsByName.get(name);
  if (field !== undefined || name === '') return field;
  const whole = option === 'body' ? 'write "*" for the whole request' : 'leave it out for the whole reply';
  const why = /[.*]/.test(name)
    ? `"${name}" is no top-level field of ${message.fullName}; name one, or ${whole}`
    : describeMissing(message, name);
  reports.problem(`${option}: ${why}`);
  return undefined;
}

function describeMissing(message: MessageDescriptor, name: string): string {
  const missing = `${message.fullName} has no field "${name}"`;
  const namesake = message.fieldsByJsonName.get(name);
  if (namesake !== undefined) return `${missing}; write its proto name, "${namesake.name}"`;
  const names = message.fields.slice(0, 12).map((field) => field.name);
  if (names.length === 0) return `${missing}, nor any other`;
  return `${missing}; it has ${names.join(', ')}${message.fields.length > names.length ? ', …' : ''}`;
}

function describeMessage(fieldPath: string, message: MessageDescriptor): string {
  const inner = message.fields.find((field) => field.type.kind !== 'message' && !field.isRepeated);
  const instead =
    inner === undefined ? 'leave it to the query or the body' : `bind a field of it, {${fieldPath}.${inner.name}}`;
  return `a path cannot hold a ${message.fullName}; ${instead}`;
}

function reportOddities({ httpMethod, body, variables }: Binding, reports: Reports): void {
  if (httpMethod !== '*' && (!METHODS.includes(httpMethod) || httpMethod === 'CONNECT')) {
    reports.finding(`unreachable, because Node's HTTP server accepts no ${httpMethod} requests`);
  }
  if (body.kind === 'none') return;
  if (httpMethod === 'GET' || httpMethod === 'HEAD' || httpMethod === 'DELETE') {
    reports.finding(`${httpMethod} with a body, which clients and proxies may drop; leave body out, or use POST`);
  }
  if (body.kind === 'field' && variables.some(({ fields }) => fields.length === 1 && fields[0] === body.field)) {
    reports.finding(`body: ${body.field.name} is bound by the path too, which wins; leave it out of one of them`);
  }
}
