/** Answers a whole number from 0 to `count` - 1; 0 when there is nothing to choose from. */
export type Pick = (count: number) => number;

/**
 * A stream of choices that depends on the seed alone (mulberry32): a search that is run again finds the same.
 * @param seed any integer; its low 32 bits count.
 */
export function seededPick(seed: number): Pick {
  let state = seed >>> 0;
  return (count) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return count <= 1 ? 0 : Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count);
  };
}
