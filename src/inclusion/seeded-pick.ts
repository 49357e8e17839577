/** Returns an integer from 0 to `count` - 1; 0 when `count` is 0. */
export type Pick = (count: number) => number;

/**
 * A sequence of choices that depends only on the seed (mulberry32), so that a repeated search finds the same.
 * @param seed any integer; its low 32 bits are used.
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
