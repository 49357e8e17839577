/** An integer: a `number` where that is exact, as for most, and else a `bigint`. Each value has one form only. */
export type ExactInteger = number | bigint;

export function exactInteger(value: bigint): ExactInteger {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
