import type { Binding } from '../../../src/routing/binding.ts';
import { parsePathTemplate } from '../../../src/routing/path-template.ts';

/**
 * Bindings of rules written `GET /v1/{name}`. The method of the n-th is `Rules.M<n>`, written in line n of rules.proto.
 * They have no fields: these tests are about paths, those of createBindings about fields.
 */
export function bindingsOf(rules: readonly string[]): Binding[] {
  return rules.map((rule, index) => {
    const [httpMethod = '', path = ''] = rule.split(' ');
    const template = parsePathTemplate(path, { allowsTail: true });
    const name = `M${index + 1}`;
    return {
      id: `test.Rules.${name}#0`,
      index: 0,
      method: { name, service: { name: 'Rules', fullName: 'test.Rules' } } as Binding['method'],
      httpMethod,
      path,
      template,
      variables: template.variables.map((variable) => ({ ...variable, text: variable.fieldPath, fields: [] })),
      body: { kind: 'none' },
      responseBody: undefined,
      position: { file: 'rules.proto', line: index + 1, column: 1 },
    };
  });
}

/** The rule as bindingsOf took it. */
export function ruleOf({ httpMethod, path }: Binding): string {
  return `${httpMethod} ${path}`;
}
