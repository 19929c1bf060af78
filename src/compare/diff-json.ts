/** Where two answers differ, field by field. */

/** The name of a member, or the index in a list. */
export type Step = string | number;

interface Values {
  /** Undefined where a side has nothing. */
  readonly left: unknown;
  readonly right: unknown;
}

export interface Difference extends Values {
  /** `books[2].title`; "" for the whole. */
  readonly path: string;
}

export interface SteppedDifference extends Values {
  readonly steps: readonly Step[];
}

/** The differences of two JSON values in the order of the left one's members. Members' order is none; that of lists is. */
export function diffJson(left: unknown, right: unknown): readonly Difference[] {
  return diffSteps(left, right).map(({ steps, ...values }) => ({ path: pathText(steps), ...values }));
}

/** The same with paths in steps, for names that may have a dot in them. */
export function diffSteps(left: unknown, right: unknown, steps: readonly Step[] = []): readonly SteppedDifference[] {
  if (Array.isArray(left) && Array.isArray(right)) {
    const length = Math.max(left.length, right.length);
    return Array.from({ length }, (_, index) => diffSteps(left[index], right[index], [...steps, index])).flat();
  }
  if (isObject(left) && isObject(right)) {
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    const own = (value: object, name: string): unknown =>
      Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
    return [...names].flatMap((name) => diffSteps(own(left, name), own(right, name), [...steps, name]));
  }
  return Object.is(left, right) ? [] : [{ steps, left, right }];
}

/** `['books', 2, 'title']` → `books[2].title` */
export function pathText(steps: readonly Step[]): string {
  return steps.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${step}`)).join('');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
