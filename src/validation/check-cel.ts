/**
 * Finds what is wrong with an expression of CEL before it meets a value: that it does not parse, names that nothing has, operators and
 * functions on what they do not take. Where a type cannot be known (Any, Value, wrappers), nothing is said of it. The library's own checker
 * knows neither fields nor functions yet.
 */
import {
  type CelFunc,
  CelScalar,
  type CelType,
  celEnv,
  celFunc,
  celMethod,
  listType,
  mapType,
  parse,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import type { DescMessage, Registry } from '@bufbuild/protobuf';
import { typeOfMessage, typesOfField } from './cel-types.ts';

const { BOOL, BYTES, DOUBLE, DYN, INT, NULL, STRING, TYPE, UINT } = CelScalar;

type Expression = ReturnType<typeof parse>['expr'];
type Kind<Case extends Expression['exprKind']['case']> = Extract<Expression['exprKind'], { case: Case }>['value'];

/** The names that an expression may use (`this`, `now`), with their types. */
export type CelVariables = ReadonlyMap<string, CelType>;

/** What is wrong with an expression; undefined when nothing is. */
export type CheckCel = (expression: string, variables: CelVariables) => string | undefined;

/** The check of expressions that may speak of these types. */
export function createCelCheck(registry: Registry): CheckCel {
  return (expression, variables) => {
    try {
      const { name } = new Typing(registry).typeOf(parse(expression).expr, variables);
      if (name === 'dyn' || name === 'bool' || name === 'string') return undefined;
      return `it gives a value of type ${name}; write what gives a bool, or a string that says what is wrong`;
    } catch (error) {
      if (error instanceof Mistake) return error.message;
      return `it does not parse: ${(error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ')}`;
    }
  };
}

class Mistake extends Error {}

// What protovalidate adds to CEL (https://protovalidate.com/reference/cel-extensions), for its types alone.
const never = (): never => {
  throw new Error('only the types of functions are asked for here');
};
const method = (name: string, target: CelType, ...args: CelType[]): CelFunc =>
  celMethod(name, target, args, BOOL, never);
const { funcs } = celEnv({
  funcs: [
    ...strings,
    ...['isHostname', 'isEmail', 'isIp', 'isIpPrefix', 'isUri', 'isUriRef'].map((name) => method(name, STRING)),
    method('isHostAndPort', STRING, BOOL),
    method('isIp', STRING, INT),
    ...[[INT], [BOOL], [INT, BOOL]].map((args) => method('isIpPrefix', STRING, ...args)),
    method('isNan', DOUBLE),
    method('isInf', DOUBLE),
    method('isInf', DOUBLE, INT),
    method('unique', listType(DYN)),
    ...['contains', 'startsWith', 'endsWith'].map((name) => method(name, BYTES, BYTES)),
    celFunc('getField', [DYN, STRING], DYN, never),
  ],
});

const constants: ReadonlyMap<string | undefined, CelType> = new Map<string | undefined, CelType>([
  ['boolValue', BOOL],
  ['bytesValue', BYTES],
  ['doubleValue', DOUBLE],
  ['int64Value', INT],
  ['nullValue', NULL],
  ['stringValue', STRING],
  ['uint64Value', UINT],
]);

/** Operators that are no functions. */
const operators: ReadonlyMap<string, (args: readonly CelType[]) => CelType> = new Map([
  ['_&&_', () => BOOL],
  ['_||_', () => BOOL],
  ['@not_strictly_false', () => BOOL],
  ['_?_:_', ([, yes = DYN, no = DYN]: readonly CelType[]) => (yes.name === no.name ? yes : DYN)],
  ['_[_]', ([from = DYN]: readonly CelType[]) => partOf(from)],
]);

const typeNames: ReadonlySet<string> = new Set(
  ['bool', 'bytes', 'double', 'dyn', 'int', 'list', 'map', 'null_type', 'string', 'type', 'uint'], //
);

function partOf(type: CelType): CelType {
  if (type.kind === 'list') return type.element;
  return type.kind === 'map' ? type.value : DYN;
}

class Typing {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Throws a Mistake. */
  typeOf(expression: Expression | undefined, scope: CelVariables): CelType {
    const kind = expression?.exprKind;
    switch (kind?.case) {
      case 'constExpr':
        return constants.get(kind.value.constantKind.case) ?? DYN;
      case 'identExpr':
        return scope.get(kind.value.name) ?? this.#named(kind.value.name);
      case 'selectExpr':
        return this.#selected(kind.value, scope);
      case 'callExpr':
        return this.#called(kind.value, scope);
      case 'listExpr':
        for (const each of kind.value.elements) this.typeOf(each, scope);
        return listType(DYN);
      case 'structExpr':
        return this.#made(kind.value, scope);
      case 'comprehensionExpr':
        return this.#looped(kind.value, scope);
      default:
        return DYN;
    }
  }

  /** A type, or a value of an enum. */
  #named(name: string): CelType {
    const full = name.replace(/^\./, '');
    if (typeNames.has(full) || full.startsWith('google.protobuf.') || this.#registry.getMessage(full)) return TYPE;
    const [, enumName = '', value] = /^(.*)\.([^.]*)$/.exec(full) ?? [];
    if (this.#registry.getEnum(enumName)?.values.some((each) => each.name === value)) return INT;
    throw new Mistake(`nothing here is called ${full}`);
  }

  #selected({ operand, field, testOnly }: Kind<'selectExpr'>, scope: CelVariables): CelType {
    const path = pathOf(operand);
    if (path !== undefined && !scope.has(path.split('.')[0] ?? '')) return this.#named(`${path}.${field}`);
    const from = this.typeOf(operand, scope);
    if (from.kind === 'object' && from.desc !== undefined) {
      const found = from.desc.fields.find(({ name }) => name === field);
      if (found === undefined) throw new Mistake(noField(from.desc, field));
      return testOnly ? BOOL : typesOfField(found).whole;
    }
    if (from.kind === 'map' || from.kind === 'object' || from === DYN) return testOnly ? BOOL : partOf(from);
    throw new Mistake(`a value of type ${from.name} has no field ${field}`);
  }

  #called({ target, function: name, args }: Kind<'callExpr'>, scope: CelVariables): CelType {
    const given = args.map((each) => this.typeOf(each, scope));
    const operator = operators.get(name);
    if (operator !== undefined) return operator(given);
    const path = pathOf(target);
    const isSpace = path !== undefined && !scope.has(path.split('.')[0] ?? '');
    const full = isSpace ? `${path}.${name}` : name;
    const on = isSpace || target === undefined ? undefined : this.typeOf(target, scope);
    const all = [...(funcs.find(full) ?? [])];
    if (all.length === 0) throw new Mistake(`there is no function ${full}`);
    const results = all
      .filter(
        (each) =>
          takes(each.target, on) &&
          each.arguments.length === given.length &&
          each.arguments.every((type, index) => takes(type, given[index])),
      )
      .map(({ result }) => result);
    const [first = DYN] = results;
    if (results.length === 0) {
      const types = [on, ...given].flatMap((type) => type?.name ?? []).join(', ');
      throw new Mistake(`${/^[@_!-]/.test(full) ? full.replaceAll(/[@_]/g, '') : full} is not for (${types})`);
    }
    return results.every((type) => type.name === first.name) ? first : DYN;
  }

  #made({ messageName, entries }: Kind<'structExpr'>, scope: CelVariables): CelType {
    const name = messageName.replace(/^\./, '');
    const desc = name === '' ? undefined : this.#registry.getMessage(name);
    if (name !== '' && desc === undefined && !name.startsWith('google.protobuf.')) this.#named(name);
    for (const { keyKind, value } of entries) {
      if (keyKind.case === 'mapKey') this.typeOf(keyKind.value, scope);
      else if (desc !== undefined && !desc.fields.some((field) => field.name === keyKind.value)) {
        throw new Mistake(noField(desc, String(keyKind.value)));
      }
      this.typeOf(value, scope);
    }
    if (name === '') return mapType(DYN, DYN);
    return desc === undefined ? DYN : typeOfMessage(desc);
  }

  /** `all`, `exists`, `map` and such. What they gather is as may be. */
  #looped(loop: Kind<'comprehensionExpr'>, scope: CelVariables): CelType {
    const range = this.typeOf(loop.iterRange, scope);
    this.typeOf(loop.accuInit, scope);
    const first = range.kind === 'list' && loop.iterVar2 === '' ? range.element : DYN;
    const names: [string, CelType][] = [
      [loop.iterVar, first],
      [loop.iterVar2, partOf(range)],
      [loop.accuVar, DYN],
    ];
    const inner = new Map([...scope, ...names]);
    this.typeOf(loop.loopCondition, inner);
    this.typeOf(loop.loopStep, inner);
    return this.typeOf(loop.result, inner);
  }
}

function takes(type: CelType | undefined, given: CelType | undefined): boolean {
  if (type === undefined || given === undefined) return type === given;
  return type.name === 'dyn' || given.name === 'dyn' || type.name === given.name;
}

/** `a.b.c` of an expression that is no more than names. */
function pathOf(expression: Expression | undefined): string | undefined {
  const kind = expression?.exprKind;
  if (kind?.case === 'identExpr') return kind.value.name;
  if (kind?.case !== 'selectExpr' || kind.value.testOnly) return undefined;
  const path = pathOf(kind.value.operand);
  return path && `${path}.${kind.value.field}`;
}

function noField({ typeName, fields }: DescMessage, name: string): string {
  return `${typeName} has no field ${name}; write one of ${fields.map((each) => each.name).join(', ')}`;
}
