/**
 * @module What a product of two doubles loses by rounding: with it, decimals are converted exactly without integers of more than 53 bits
 * (T. J. Dekker, "A floating-point technique for extending the available precision", 1971).
 */

const splitter = 134217729;

/** `product` is `a * b` rounded; the result is what is missing, so that the two add up to the exact product. */
export function productError(a: number, b: number, product: number): number {
  const scaledA = splitter * a;
  const highA = scaledA - (scaledA - a);
  const lowA = a - highA;
  const scaledB = splitter * b;
  const highB = scaledB - (scaledB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB);
}

/** Powers of ten that a double holds exactly. */
export const powersOfTen: Float64Array = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
