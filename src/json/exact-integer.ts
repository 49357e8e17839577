/** An integer as it is passed on: a `number` where that is exact, as most are, and a `bigint` elsewhere. One value has one form. */
export type ExactInteger = number | bigint;

export function exactInteger(value: bigint): ExactInteger {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
