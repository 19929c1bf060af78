/** Where two answers differ, field by field. */

export interface Difference {
  /** `books[2].title`; "" for the whole. */
  readonly path: string;
  /** Undefined where a side has nothing. */
  readonly left: unknown;
  readonly right: unknown;
}

/** The differences of two JSON values in the order of the left one's members. Members' order is none; that of lists is. */
export function diffJson(left: unknown, right: unknown, path = ''): readonly Difference[] {
  if (Array.isArray(left) && Array.isArray(right)) {
    const length = Math.max(left.length, right.length);
    return Array.from({ length }, (_, index) => diffJson(left[index], right[index], `${path}[${index}]`)).flat();
  }
  if (isObject(left) && isObject(right)) {
    const names = new Set([...Object.keys(left), ...Object.keys(right)]);
    const own = (value: object, name: string): unknown =>
      Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
    return [...names].flatMap((name) =>
      diffJson(own(left, name), own(right, name), path === '' ? name : `${path}.${name}`),
    );
  }
  return Object.is(left, right) ? [] : [{ path, left, right }];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
