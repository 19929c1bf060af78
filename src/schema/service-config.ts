import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Document, LineCounter, Node, YAMLMap, YAMLSeq } from 'yaml';
import type { SourcePosition } from './descriptors.ts';
import type { WrittenRule } from './parse-http-rule.ts';
import type { Problem } from './problem.ts';

/** One entry of `http.rules`: a rule, and the methods it is for. */
export interface ConfiguredRule extends WrittenRule {
  /** `package.Service.Method`, or a prefix that ends in `*`: `package.Service.*`, `*`. */
  readonly selector: string;
}

/** The HTTP rules of all service configurations together, in the order in which later ones override earlier ones. */
export interface ServiceConfigs {
  readonly rules: readonly ConfiguredRule[];
  /** Full names of the services that selectors name, for `loadSchema`. */
  readonly mixins: readonly string[];
  readonly problems: readonly Problem[];
}

/**
 * Reads service configurations (`type: google.api.Service`), YAML or JSON. Of one only `http.rules` is taken:
 * https://cloud.google.com/endpoints/docs/grpc-service-config/reference/rpc/google.api#http
 */
export function readServiceConfigs(paths: readonly string[]): ServiceConfigs {
  const read = paths.map((path) => readServiceConfig(path));
  const rules = read.flatMap((config) => config.rules);
  const services = rules.map(({ selector }) => selector.slice(0, selector.lastIndexOf('.')));
  return {
    rules,
    mixins: [...new Set(services)].filter((name) => name !== ''),
    problems: read.flatMap((config) => config.problems),
  };
}

function readServiceConfig(path: string): Pick<ServiceConfigs, 'rules' | 'problems'> {
  try {
    return parseServiceConfig(readFileSync(path, 'utf8'), path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const message = `cannot be read (${code}); --rules names a service configuration in YAML`;
    return { rules: [], problems: [{ position: { file: path, line: 0, column: 0 }, subject: '', message }] };
  }
}

/** As readServiceConfigs, for one configuration that is at hand as text; `file` is what messages call it. */
function parseServiceConfig(text: string, file: string): Pick<ServiceConfigs, 'rules' | 'problems'> {
  // Loaded here and not above: most gateways have no service configuration, and starting should not wait for it.
  const yaml = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const source: Source = { file, document, lines, problems: [] };
  const [error] = document.errors;
  if (error !== undefined) complain(source, error.message, error.pos[0]);
  const root = document.contents;
  if (source.problems.length > 0) return { rules: [], problems: source.problems };
  if (!yaml.isMap(root)) {
    complain(source, 'not a service configuration; it begins with type: google.api.Service');
    return { rules: [], problems: source.problems };
  }
  const type: unknown = document.get('type');
  if (type !== undefined && type !== 'google.api.Service') {
    complain(source, `type is ${type}; write type: google.api.Service`, offsetOf(root.get('type', true) as Node));
  }
  const rules = document.getIn(['http', 'rules'], true);
  // Most of Google's configurations hold no HTTP rules; but a file that does not say it is one was hardly meant.
  if (rules === undefined && type === undefined)
    complain(source, 'holds no rules; write them as a list under http.rules');
  if (rules !== undefined && !yaml.isSeq(rules))
    complain(source, 'http.rules is a list of rules', offsetOf(rules as Node));
  const items = yaml.isSeq(rules) ? rules.items : [];
  return { rules: items.flatMap((item) => ruleOf(item as Node, source, yaml) ?? []), problems: source.problems };
}

interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly problems: Problem[];
}

type Yaml = typeof import('yaml');

const offsetOf = (node: Node | undefined): number => node?.range?.[0] ?? 0;

function positionOf({ file, lines }: Source, offset: number): SourcePosition {
  const { line, col } = lines.linePos(offset);
  return { file, line, column: col };
}

function complain(source: Source, message: string, offset = 0): undefined {
  const [line = ''] = message.split('\n');
  source.problems.push({ position: positionOf(source, offset), subject: '', message: line });
}

function ruleOf(item: Node, source: Source, yaml: Yaml): ConfiguredRule | undefined {
  const selector = yaml.isMap(item) ? item.get('selector') : undefined;
  if (typeof selector !== 'string') {
    return complain(
      source,
      'the rule has no selector; add one, as in selector: package.Service.Method',
      offsetOf(item),
    );
  }
  if (/\*./.test(selector) || /[^.]\*/.test(selector)) {
    return complain(
      source,
      `${selector}: a wildcard stands for whole parts at the end, as in package.Service.*`,
      offsetOf(item),
    );
  }
  const map = item as YAMLMap;
  const bindings = map.get('additional_bindings', true) ?? map.get('additionalBindings', true);
  const nodes = yaml.isSeq(bindings) ? (bindings as YAMLSeq<Node>).items : [];
  return {
    selector,
    value: item.toJS(source.document),
    position: positionOf(source, offsetOf(item)),
    bindingPositions: nodes.map((node) => positionOf(source, offsetOf(node))),
  };
}
